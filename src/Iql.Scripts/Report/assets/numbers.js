// Below every figure: its numbers as comma-separated values, and logarithmic axes.
(() => {
const charts = figure => [...figure.querySelectorAll('.js-plotly-plot')];
const list = values => Array.from(values ?? []);
// What a chart shows, row by row: series, x, y, low and high, or the cells of a heat map.
function rows(plot) {
  const title = plot.closest('.panels>div')?.querySelector('p')?.textContent ?? '';
  const band = trace => trace.fill === 'toself' && trace.hoverinfo === 'skip';
  const bands = plot.data.filter(band);
  return plot.data.filter(trace => !band(trace)).flatMap(trace => {
    if (trace.z) return trace.z.flatMap((line, i) => list(line).map((z, j) =>
      [title, trace.y?.[i] ?? i, trace.x?.[j] ?? j, z, '', '', trace.text?.[i]?.[j] ?? '']));
    const own = bands.find(each => each.legendgroup && each.legendgroup === trace.legendgroup && trace.mode !== 'lines'
      && list(each.x).length === 2 * list(trace.x).length);
    const bar = trace.error_y, n = list(trace.x).length;
    return list(trace.x).map((x, i) => {
      const y = trace.y[i], at = values => values ? list(values)[i] : undefined;
      const low = own ? own.y[i] : bar?.arrayminus ? y - at(bar.arrayminus) : '';
      const high = own ? own.y[2 * n - 1 - i] : bar?.array ? y + at(bar.array) : '';
      return [title, trace.name ?? '', x, y, low, high, ''];
    });
  });
}
const field = value => /[",\n]/.test(value) ? '"' + String(value).replaceAll('"', '""') + '"' : value ?? '';
function csv(figure) {
  const lines = [['chart', 'series', 'x', 'y', 'low', 'high', 'text'], ...charts(figure).flatMap(rows)];
  const text = lines.map(line => line.map(field).join(',')).join('\n') + '\n';
  const link = document.createElement('a');
  link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }));
  link.download = figure.id.replace('figure-', '') + '.csv';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
// Names that are numbers may stand on a logarithmic axis; places of frames may not.
const fits = (plot, axis) => !plot.layout.shapes?.length && !plot.data.some(trace => trace.z)
  && plot.data.some(trace => list(trace[axis]).some(value => Number(value) > 0));
function scale(figure, pressed, axis) {
  for (const plot of charts(figure)) {
    const name = axis + 'axis', now = plot.layout[name];
    plot.before ??= {};
    plot.before[name] ??= { type: now.type ?? '-', range: now.autorange ? null : now.range };
    const { type, range } = plot.before[name];
    if (!fits(plot, axis)) continue;
    Plotly.relayout(plot, pressed ? { [name + '.type']: 'log', [name + '.autorange']: true }
      : { [name + '.type']: type, ...range ? { [name + '.range']: range } : { [name + '.autorange']: true } });
  }
}
// A logarithmic axis is offered where a chart of the figure may have one.
document.addEventListener('drawn', ({ target }) => {
  const figure = target.closest('figure');
  for (const tool of figure?.querySelectorAll('.tools [aria-pressed]') ?? [])
    tool.hidden = !charts(figure).some(plot => fits(plot, tool.dataset.tool));
});
document.addEventListener('click', event => {
  const tool = event.target.closest('.tools button'), figure = tool?.closest('figure');
  if (!tool) return;
  figures.all(figure);
  if (tool.dataset.tool === 'csv') return csv(figure);
  const pressed = tool.ariaPressed !== 'true';
  tool.ariaPressed = pressed;
  scale(figure, pressed, tool.dataset.tool);
});
})();
