// Keeps a report up to date: the program that watches its runs sends each part that changed.
(() => {
const main = document.querySelector('main');
const badge = Object.assign(document.createElement('output'), { id: 'live' });
document.body.append(badge);
function say(kind, words) { Object.assign(badge, { className: kind, textContent: words }) }
const charts = element => [...element.querySelectorAll('div.plot')];
const place = (element, plot) => {
  const figure = plot.closest('figure');
  return `${figure?.id} ${charts(figure ?? element).indexOf(plot)}`;
};
// What a reader did to a part stays: zooms, hidden lines, order and filter of tables, what is open.
function carry(old, part) {
  const drawn = new Map(charts(old).map(plot => [place(old, plot), plot]));
  const changed = [];
  for (const plot of charts(part)) {
    const kept = drawn.get(place(part, plot)), text = plot.nextElementSibling.textContent;
    if (kept && kept.nextElementSibling.textContent === text && kept.style.cssText === plot.style.cssText) {
      plot.replaceWith(kept);
    } else if (kept?.layout) {
      kept.style.cssText = plot.style.cssText;
      plot.replaceWith(kept);
      changed.push(kept);
    } else changed.push(plot);
  }
  const opened = [...old.querySelectorAll('details')];
  [...part.querySelectorAll('details')].forEach((each, i) => { each.open = opened[i]?.open ?? each.open });
  return changed;
}
function put(id, html) {
  const box = document.createElement('template');
  box.innerHTML = html;
  const part = box.content.firstElementChild, old = document.getElementById(id);
  const focus = [...old?.querySelectorAll('a,button,input,summary,[tabindex]') ?? []].indexOf(document.activeElement);
  const caret = document.activeElement.selectionEnd;
  const changed = old ? carry(old, part) : charts(part);
  const aside = [...old?.querySelectorAll('.wide') ?? []].map(each => each.scrollLeft);
  tables.ready(part, old ?? undefined);
  if (old) old.replaceWith(part); else main.append(part);
  // A script that came as text does not run.
  for (const script of part.querySelectorAll('script:not([type])'))
    script.replaceWith(Object.assign(document.createElement('script'), { textContent: script.textContent }));
  part.querySelectorAll('.wide').forEach((each, i) => { each.scrollLeft = aside[i] ?? 0 });
  changed.forEach(plot => figures.later(plot));
  if (focus >= 0) {
    const again = part.querySelectorAll('a,button,input,summary,[tabindex]')[focus];
    again?.focus({ preventScroll: true });
    if (again?.matches('input')) again.setSelectionRange(caret, caret);
  }
}
function take({ title, order, parts }) {
  document.title = title;
  for (const { id, html } of parts) put(id, html);
  for (const each of [...main.children]) if (!order.includes(each.id)) each.remove();
  order.forEach((id, i) => {
    const part = document.getElementById(id);
    if (main.children[i] !== part) main.insertBefore(part, main.children[i]);
  });
}
function connect() {
  const source = new EventSource('events?since=' + document.body.dataset.since);
  let ended = false;
  source.onopen = () => { ended = false; say('on', 'Live') };
  source.addEventListener('parts', event => {
    take(JSON.parse(event.data));
    document.body.dataset.since = event.lastEventId;
  });
  source.addEventListener('end', event => { ended = true; say('off', event.data) });
  source.onerror = () => {
    if (!ended) say('off', 'No connection: the page waits for the program.');
    if (source.readyState === EventSource.CLOSED) setTimeout(connect, 3000);
  };
}
connect();
})();
