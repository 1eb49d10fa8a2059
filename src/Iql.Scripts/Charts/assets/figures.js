// Draws every chart of the page in the page's colours. A chart that fails says so in its place; the others go on.
const figures = (() => {
const plots = () => [...document.querySelectorAll('.plot')];
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
  } catch (error) { fail(plot, error) }
}
function restyle(ink) {
  for (const plot of plots()) if (plot.layout) Plotly.relayout(plot, { template: look(plot, plot.template, ink) });
}
plots().forEach(draw);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => restyle());
addEventListener('beforeprint', () => restyle('#1f2933'));
addEventListener('afterprint', () => restyle());
return { draw };
})();
