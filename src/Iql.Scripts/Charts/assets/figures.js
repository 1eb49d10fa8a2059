// Draws the charts of the page in its colours, each as it comes near the window: the page keeps its height meanwhile.
// A chart that fails says so in its place; the others go on.
const figures = (() => {
const plots = () => [...document.querySelectorAll('div.plot')];
// What is still to be done for an element that is not near.
const waiting = new Map();
function act(element) {
  const todo = waiting.get(element);
  waiting.delete(element);
  watcher.unobserve(element);
  todo?.(element);
}
const watcher = new IntersectionObserver(
  seen => seen.forEach(each => { if (each.isIntersecting) act(each.target) }), { rootMargin: '800px 0px' });
function later(element, todo = draw) {
  waiting.set(element, todo);
  // Watched anew, so that the watcher tells where it is.
  watcher.unobserve(element);
  watcher.observe(element);
}
// Does all that waits within an element.
function all(element = document) {
  for (const each of [...waiting.keys()]) if (element.contains(each)) act(each);
}
// The chart's own look, with the ink of the page and no paper.
function look(plot, template, ink) {
  const layout = { ...template?.layout, paper_bgcolor: 'rgba(0,0,0,0)', plot_bgcolor: 'rgba(0,0,0,0)' };
  layout.font = { ...layout.font, color: ink || getComputedStyle(plot).color };
  layout.modebar = { bgcolor: layout.paper_bgcolor, color: '#7b8794', activecolor: layout.font.color };
  return { ...template, layout };
}
function fail(plot, error) {
  plot.textContent = 'This figure could not be drawn: ' + error;
  plot.classList.add('failed');
  plot.dataset.error = '1';
}
// A chart that is drawn again keeps its zoom and what its legend hides.
function draw(plot) {
  try {
    const { data, layout, config } = JSON.parse(plot.nextElementSibling.textContent);
    plot.template = layout.template;
    // The page writes the title.
    Object.assign(layout, { template: look(plot, layout.template), title: undefined, uirevision: 'page' });
    layout.template.layout.margin = { ...layout.template.layout.margin, t: 12 };
    Plotly.react(plot, data, layout, config).catch(error => fail(plot, error));
    plot.dispatchEvent(new Event('drawn', { bubbles: true }));
  } catch (error) { fail(plot, error) }
}
function restyle(ink) {
  for (const plot of plots()) if (plot.layout) Plotly.relayout(plot, { template: look(plot, plot.template, ink) });
}
plots().forEach(plot => later(plot));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => restyle());
addEventListener('beforeprint', () => { all(); restyle('#1f2933') });
addEventListener('afterprint', () => restyle());
return { later, all };
})();
