// Sorts every table by a click on a head, and filters long ones by words.
const tables = (() => {
const value = cell => { const x = cell.dataset.v, n = Number(x); return x === '' ? -Infinity : isNaN(n) ? x : n };
function sort(th, up) {
  const table = th.closest('table'), body = table.tBodies[0], i = th.cellIndex;
  const order = (a, b) => {
    const x = value(a.cells[i]), y = value(b.cells[i]);
    return typeof x === 'number' && typeof y === 'number' ? x - y || 0 : String(x).localeCompare(String(y));
  };
  body.append(...[...body.rows].sort((a, b) => up ? order(a, b) : order(b, a)));
  table.querySelectorAll('thead th').forEach(other => other.removeAttribute('aria-sort'));
  th.setAttribute('aria-sort', up ? 'ascending' : 'descending');
}
// A row stays that has all words.
function filter(input) {
  const words = input.value.toLowerCase().split(/\s+/), table = input.nextElementSibling.querySelector('table');
  for (const row of table.tBodies[0].rows) {
    const cells = [...row.cells].map(cell => cell.textContent.toLowerCase());
    row.hidden = !words.every(word => cells.some(cell => cell.includes(word)));
  }
}
const name = box => box.getAttribute('aria-label');
const said = box => box.previousElementSibling?.matches('.filter') ? box.previousElementSibling : null;
// Gives the tables of an element their filters. Tables look as those of the same name did in `before`.
function ready(element, before = document.createElement('div')) {
  for (const box of element.querySelectorAll('.wide')) {
    const old = [...before.querySelectorAll('.wide')].find(other => name(other) === name(box));
    const table = box.querySelector('.sortable'), sorted = old?.querySelector('[aria-sort]');
    if (sorted) sort(table.tHead.rows[0].cells[sorted.cellIndex], sorted.ariaSort === 'ascending');
    if (table && table.tBodies[0].rows.length > 12) {
      const input = document.createElement('input'), key = 'filter ' + name(box);
      Object.assign(input, { className: 'filter', type: 'search', placeholder: 'Filter rows by words' });
      input.ariaLabel = 'Filter: ' + name(box);
      input.value = (old && said(old) ? said(old).value : sessionStorage.getItem(key)) ?? '';
      input.oninput = () => { sessionStorage.setItem(key, input.value); filter(input) };
      box.before(input);
      filter(input);
    }
  }
}
document.addEventListener('click', event => {
  const th = event.target.closest('table.sortable thead th');
  if (th) sort(th, th.ariaSort !== 'ascending');
});
ready(document);
return { ready };
})();
