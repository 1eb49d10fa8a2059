/// Episodes that play together: pictures side by side, one slider and one clock.
module Iql.Scripts.SceneStage

/// One of a stage's episodes.
type Shown = {
    Scene: Scene
    /// Digits behind the point of its lengths.
    Digits: int
    /// What stands above it.
    Above: Html list
    /// What stands below it, charts too: their cursors follow.
    Below: Html list
}

/// Once on a page with stages, before them.
let style: Html =
    Html.plain "style" [
        Html.Raw
            """
.scenes{display:grid;grid-template-columns:repeat(auto-fit,minmax(250px,1fr));gap:18px 22px}
.played{margin:0;min-width:0}
.played>p{margin:.2em 0}
.scene{background:#f7f7f5;border:1px solid #ddd;width:100%;max-height:62vh;display:block}
section .scene{max-height:400px}
.several .scene{max-height:300px}
.valued~.bar{stroke:#fff}
.valued~circle{fill:none;stroke:#fff}
.scene text{font:11px sans-serif;fill:#666}
.told{display:block;min-height:1.5em;font-size:13px;color:#52606d;font-variant-numeric:tabular-nums}
.controls{display:flex;gap:.8em;align-items:center;margin:.6em 0;flex-wrap:wrap}
.controls input{flex:1;min-width:12em}
.controls output{font-variant-numeric:tabular-nums;min-width:9em}
.chart{width:100%;height:90px;display:block}
.legend{display:flex;gap:.6em;align-items:center;font-size:13px;color:#52606d;margin:.3em 0}
.ramp{flex:1;height:9px;max-width:16em}
@media print{.controls{display:none}}
"""
    ]

/// Once on a page with stages, behind them. A stage out of sight rests.
let script: Html =
    Html.plain "script" [
        Html.Raw
            """
(() => {
function player(box) {
  const s = JSON.parse(box.querySelector('script').textContent), last = s.seconds.length - 1, end = s.seconds[last];
  const bars = [...box.querySelectorAll('.bar')], cursors = [...box.querySelectorAll('.cursor')];
  const world = box.querySelector('.world'), trail = box.querySelector('.trail'), told = box.querySelector('.told');
  let at = -1;
  function show(i) {
    at = i;
    bars.forEach((bar, k) => ['x1', 'y1', 'x2', 'y2'].forEach((name, j) => bar.setAttribute(name, s.places[i][4 * k + j])));
    if (s.follows) world.setAttribute('transform', `translate(${-s.x[i]},${s.follows === 2 ? -s.y[i] : 0})`);
    if (trail) trail.setAttribute('points', s.x.slice(0, i + 1).map((x, k) => x + ',' + s.y[k]).join(' '));
    cursors.forEach(c => ['x1', 'x2'].forEach(name => c.setAttribute(name, 1000 * s.seconds[i] / end)));
    told.textContent = `${s.seconds[i].toFixed(2)} s of ${end.toFixed(2)} s${s.follows ? `, ${s.x[i].toFixed(1)} m` : ''}, return ${s.returns[i].toFixed(1)}`;
  }
  return { end, seek(time) {
    let i = at >= 0 && s.seconds[at] <= time ? at : 0;
    while (i < last && s.seconds[i + 1] <= time + 1e-6) i++;
    if (i !== at) show(i);
  } };
}
document.querySelectorAll('.stage').forEach(stage => {
  const players = [...stage.querySelectorAll('.played')].map(player), end = Math.max(...players.map(p => p.end));
  const [slider, button, speed, time] = ['input', 'button', 'select', 'output'].map(name => stage.querySelector('.controls ' + name));
  // PAGE#2.5 stands still at 2.5 seconds.
  const asked = parseFloat(location.hash.slice(1));
  let clock = asked || 0, playing = Number.isNaN(asked) && !matchMedia('(prefers-reduced-motion: reduce)').matches, before = null;
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
"""
    ]

let private element = Html.element

/// A stage.
let stage (shown: Shown list) : Html =
    let several = if shown.Length > 1 then " several" else ""

    element "div" [ "class", "stage" + several ] [
        element "div" [ "class", "controls" ] [
            element "button" [ "type", "button" ] [ Html.text "Pause" ]
            element "input" [
                "type", "range"
                "min", "0"
                "step", "any"
                "value", "0"
                "aria-label", "time"
            ] []
            element "select" [ "aria-label", "speed" ] [
                for value in [ "0.25"; "0.5"; "1"; "2"; "4"; "8" ] do
                    element "option" [ "value", value ] [ Html.text $"{value} ×" ]
            ]
            element "output" [] []
        ]
        element "div" [ "class", "scenes" ] [
            for each in shown ->
                element "figure" [ "class", "played" ] [
                    yield! each.Above
                    yield SceneDrawing.picture each.Scene
                    yield element "output" [ "class", "told" ] []
                    yield! each.Scene.Values |> Option.map SceneDrawing.legend |> Option.defaultValue []
                    yield! each.Below
                    yield SceneDrawing.moments each.Digits each.Scene
                ]
        ]
    ]
