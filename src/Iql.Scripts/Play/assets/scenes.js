(() => {
function player(box) {
  const s = JSON.parse(box.querySelector('script').textContent), last = s.seconds.length - 1, end = s.seconds[last];
  const bars = [...box.querySelectorAll('.bar')], cursors = [...box.querySelectorAll('.cursor')];
  const world = box.querySelector('.world'), trail = box.querySelector('.trail'), told = box.querySelector('.told');
  let at = -1;
  function show(i) {
    at = i;
    bars.forEach((bar, k) =>
      ['x1', 'y1', 'x2', 'y2'].forEach((name, j) => bar.setAttribute(name, s.places[i][4 * k + j])));
    if (s.follows) world.setAttribute('transform', `translate(${-s.x[i]},${s.follows === 2 ? -s.y[i] : 0})`);
    if (trail) trail.setAttribute('points', s.x.slice(0, i + 1).map((x, k) => x + ',' + s.y[k]).join(' '));
    cursors.forEach(c => ['x1', 'x2'].forEach(name => c.setAttribute(name, 1000 * s.seconds[i] / end)));
    const way = s.follows ? `, ${s.x[i].toFixed(1)} m` : '', gained = s.returns[i].toFixed(1);
    told.textContent = `${s.seconds[i].toFixed(2)} s of ${end.toFixed(2)} s${way}, return ${gained}`;
  }
  return { end, seek(time) {
    let i = at >= 0 && s.seconds[at] <= time ? at : 0;
    while (i < last && s.seconds[i + 1] <= time + 1e-6) i++;
    if (i !== at) show(i);
  } };
}
document.querySelectorAll('.stage').forEach(stage => {
  const players = [...stage.querySelectorAll('.played')].map(player), end = Math.max(...players.map(p => p.end));
  const controls = ['input', 'button', 'select', 'output'].map(name => stage.querySelector('.controls ' + name));
  const [slider, button, speed, time] = controls;
  // PAGE#2.5 stands still at 2.5 seconds.
  const asked = parseFloat(location.hash.slice(1));
  const still = !Number.isNaN(asked) || matchMedia('(prefers-reduced-motion: reduce)').matches;
  let clock = asked || 0, playing = !still, before = null;
  // So fast that nobody waits much longer than ten seconds.
  speed.value = [1, 2, 4, 8].find(value => end / value <= 12) || 8;
  slider.max = end;
  function show() {
    players.forEach(p => p.seek(clock));
    slider.value = clock;
    time.textContent = `${Math.min(clock, end).toFixed(1)} s of ${end.toFixed(1)} s`;
    button.textContent = playing ? 'Pause' : 'Play';
  }
  function tick(now) {
    const box = stage.getBoundingClientRect();
    if (playing && before !== null && box.bottom > 0 && box.top < innerHeight) {
      clock += (now - before) / 1000 * Number(speed.value);
      if (clock > end + Number(speed.value)) clock = 0;
      show();
    }
    before = now;
    requestAnimationFrame(tick);
  }
  button.onclick = () => { playing = !playing; show(); };
  slider.oninput = () => { clock = Number(slider.value); playing = false; show(); };
  show();
  requestAnimationFrame(tick);
});
})();
