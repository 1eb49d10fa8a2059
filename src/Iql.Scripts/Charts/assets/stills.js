// Each figure of the page as one picture in a light look: its charts side by side. The page then ends with their ids and
// texts (SVG, or PNG in base 64) as JSON.
(async () => {
async function still(charts) {
  const columns = charts.length === 1 ? 1 : charts.length % 3 ? 2 : 3, wide = [760, 480, 380][columns - 1];
  const high = Math.max(...charts.map(chart => chart.layout.height || 400)) + 24;
  const all = { wide: columns * wide, high: Math.ceil(charts.length / columns) * high, inner: '' };
  for (const [i, { data, layout, config }] of charts.entries()) {
    const size = { width: wide, height: high };
    const url = await Plotly.toImage({ data, layout: { ...layout, ...size }, config }, { format: 'svg', ...size });
    const svg = decodeURIComponent(url.slice(url.indexOf(',') + 1));
    // plotly.js names its parts by chance.
    const [, chance] = svg.match(/id="defs-(\w+)"/);
    const place = `x="${i % columns * wide}" y="${Math.floor(i / columns) * high}"`;
    all.inner += svg.replaceAll(chance, 'part' + i).replace(/ trace[0-9a-f]{6}/g, '').replace('<svg', '<svg ' + place);
  }
  return all;
}
async function picture({ wide, high, inner }) {
  const head = `xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"`;
  const svg = `<svg ${head} width="${wide}" height="${high}" viewBox="0 0 ${wide} ${high}">${inner}</svg>\n`;
  if (format !== 'png') return svg;
  const canvas = Object.assign(document.createElement('canvas'), { width: 2 * wide, height: 2 * high });
  const image = new Image();
  image.src = 'data:image/svg+xml,' + encodeURIComponent(svg);
  await image.decode();
  canvas.getContext('2d').drawImage(image, 0, 0, 2 * wide, 2 * high);
  return canvas.toDataURL().split(',')[1];
}
const stills = [];
for (const panels of document.querySelectorAll('.panels')) {
  const charts = [...panels.querySelectorAll('script')].map(script => JSON.parse(script.textContent));
  stills.push({ id: panels.closest('figure').id, text: await picture(await still(charts)) });
}
document.body.append(Object.assign(document.createElement('pre'), { id: 'stills', textContent: JSON.stringify(stills) }));
})();
