// A chart of every run: values that are hidden, the axis whose values are lines, and what the lines go over.
const explore = (() => {
const saved = key => JSON.parse(sessionStorage.getItem(key) ?? 'null');
function button(words, pressed, act) {
  const made = Object.assign(document.createElement('button'), { type: 'button', textContent: words });
  made.ariaPressed = pressed;
  made.onclick = act;
  return made;
}
function row(name, buttons) {
  const made = document.createElement('div');
  made.append(Object.assign(document.createElement('span'), { textContent: name }), ...buttons);
  return made;
}
function begin(box) {
  const read = kind => JSON.parse(box.querySelector('script.' + kind).textContent);
  const { measure, axes } = read('axes');
  let runs;
  const plot = box.querySelector('.explored'), choices = box.querySelector('.choices');
  const first = { hidden: axes.map(() => []), lines: 0, over: -1, runs: false };
  const state = saved('explore') ?? first;
  if (state.hidden.length !== axes.length) Object.assign(state, first);
  const show = () => { sessionStorage.setItem('explore', JSON.stringify(state)); choose(); draw() };
  function choose() {
    const at = [...choices.querySelectorAll('button')].indexOf(document.activeElement);
    choices.replaceChildren(
      row('Lines', axes.map((axis, i) => button(axis.symbol, state.lines === i, () => { state.lines = i; show() }))),
      row('Over', ['training', ...axes.map(axis => axis.symbol)].map((name, i) =>
        button(name, state.over === i - 1, () => { state.over = i - 1; show() }))),
      ...axes.map((axis, i) => row(axis.symbol, axis.values.map(value => {
        const hidden = state.hidden[i], there = hidden.includes(value);
        return button(value, !there, () => {
          state.hidden[i] = there ? hidden.filter(each => each !== value) : [...hidden, value];
          show();
        });
      }))),
      row('', [
        button('Thin lines for runs', state.runs, () => { state.runs = !state.runs; show() }),
        button('Show all', false, () => { Object.assign(state, first, { hidden: axes.map(() => []) }); show() }),
      ]));
    choices.querySelectorAll('button')[at]?.focus();
  }
  const kept = run => run.values.every((value, i) => !state.hidden[i].includes(value));
  const pointsOf = run => state.over < 0 ? run.x.map((x, i) => [x, run.y[i]])
    : run.final === null ? [] : [[run.values[state.over], run.final]];
  function groups(runs, key) {
    const found = new Map();
    for (const run of runs) found.set(key(run), [...found.get(key(run)) ?? [], run]);
    return [...found.values()];
  }
  // Sorted along the axis, means where several runs have a point.
  function line(runs) {
    const at = new Map();
    for (const [x, y] of runs.flatMap(pointsOf)) at.set(x, [...at.get(x) ?? [], y]);
    const place = state.over < 0 ? x => x : x => axes[state.over].values.indexOf(x);
    const x = [...at.keys()].sort((a, b) => place(a) - place(b));
    return { x, y: x.map(each => at.get(each).reduce((a, b) => a + b, 0) / at.get(each).length) };
  }
  function draw() {
    runs ??= read('runs');
    const axis = axes[state.lines], left = runs.filter(kept), data = [];
    axis.values.forEach((value, i) => {
      const own = left.filter(run => run.values[state.lines] === value), color = axis.colours[i];
      const name = axis.symbol + ' = ' + value, line2 = { color, width: 2 };
      if (!own.length) return;
      const one = run => run.values.filter((_, j) => j !== state.over).join();
      if (state.runs) for (const each of groups(own, one))
        data.push({ ...line(each), mode: 'lines', name: each[0].values.join(', '), legendgroup: name, showlegend: false,
          opacity: 0.4, line: { color, width: 1 } });
      const marker = { color, symbol: i };
      data.push({ ...line(own), mode: 'lines+markers', name, legendgroup: name, line: line2, marker });
    });
    const ink = getComputedStyle(plot).color, none = 'rgba(0,0,0,0)';
    const lines = { gridcolor: 'rgba(127,127,127,.18)', zeroline: false, automargin: true };
    const over = state.over < 0 ? { title: { text: 'gradient step' }, rangemode: 'tozero' }
      : { title: { text: axes[state.over].title }, type: 'category', categoryarray: axes[state.over].values };
    Plotly.react(plot, data, {
      height: 420, margin: { l: 56, r: 16, t: 12, b: 48 }, paper_bgcolor: none, plot_bgcolor: none,
      font: { color: ink, size: 13, family: 'system-ui, sans-serif' },
      // Values are hidden by the buttons alone.
      legend: { orientation: 'h', y: 1.02, yanchor: 'bottom', itemclick: false, itemdoubleclick: false },
      hovermode: 'closest', showlegend: true,
      xaxis: { ...lines, ...over }, yaxis: { ...lines, title: { text: measure } },
    }, { responsive: true, displaylogo: false, displayModeBar: false });
    plot.dispatchEvent(new Event('drawn', { bubbles: true }));
  }
  // Shows the runs with these values alone: pairs of an axis and a value.
  box.only = pairs => {
    axes.forEach((axis, i) => {
      const pair = pairs.find(([name]) => name === axis.name);
      state.hidden[i] = pair ? axis.values.filter(value => value !== String(pair[1])) : [];
    });
    Object.assign(state, { lines: axes.length - 1, over: -1, runs: true });
    show();
    box.scrollIntoView({ block: 'center' });
  };
  box.draw = draw;
  choose();
  // The runs are read when they come near.
  figures.later(plot, draw);
}
const ready = () => document.querySelectorAll('.explore').forEach(box => { if (!box.draw) begin(box) });
ready();
new MutationObserver(ready).observe(document.querySelector('main'), { childList: true });
const again = () => document.querySelectorAll('.explored.js-plotly-plot').forEach(plot => plot.parentElement.draw());
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again);
// A heat map says which axes its rows and columns are.
document.addEventListener('click', event => {
  const plot = event.target.closest('.plot'), axes = plot?.layout?.meta, at = plot?._hoverdata?.[0];
  if (axes?.columns && at) document.querySelector('.explore')?.only([[axes.rows, at.y], [axes.columns, at.x]]);
});
})();
