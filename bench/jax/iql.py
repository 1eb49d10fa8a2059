"""Implicit Q-learning's training step in JAX, for a table beside Iql's own on the same card.

    python3 bench/jax/iql.py --rates 1,8,32,64,128 --seconds 3
    python3 bench/jax/iql.py --check FOLDER     # replays golden traces iql-*.json in double precision

The step is Iql's: value, policy with the new value, critics with the new value, Polyak targets; Adam for each network
and a cosine schedule for the policy. Networks have two hidden layers of 256, batches 256 rows of 11 observations and
3 actions. Products are float32 without TF32. R runs are one program by vmap, and 500 steps one call by scan. JAX draws
its minibatches on the card from a table that lies there; Iql draws its own on the host and copies them.

Each printed line that begins with "|" is a row of a table in Markdown.
"""

import argparse
import glob
import json
import math
import os
import time

import jax
import jax.numpy as jnp
import numpy as np

ADAM = (0.9, 0.999, 1e-8)


def mlp(net, x):
    """Linear layers with a rectifier between them: [B, in] -> [B, out]."""
    for i, (w, b) in enumerate(net):
        x = x @ w + b
        if i < len(net) - 1:
            x = jnp.maximum(x, 0)
    return x


def q(net, s, a):
    """Q(s, a): [B]."""
    return mlp(net, jnp.concatenate([s, a], -1))[:, 0]


def v(net, s):
    """V(s): [B]."""
    return mlp(net, s)[:, 0]


def log_probability(policy, h, s, a):
    """ln pi(a|s) of a Gaussian policy with a mean in tanh and one free deviation an action: [B]."""
    mean = jnp.tanh(mlp(policy["net"], s))
    log_std = jnp.clip(policy["log_std"], h["log_std_min"], h["log_std_max"])
    z = (a - mean) / jnp.exp(log_std)
    return jnp.sum(-z * z / 2 - log_std - math.log(2 * math.pi) / 2, -1)


def adam(net, rate, t, loss):
    """A network {p, m, v} after one step of Adam, the t-th from 1 on, and its loss before."""
    beta1, beta2, epsilon = ADAM
    value, gradient = jax.value_and_grad(loss)(net["p"])
    m = jax.tree.map(lambda m, g: beta1 * m + (1 - beta1) * g, net["m"], gradient)
    second = jax.tree.map(lambda u, g: beta2 * u + (1 - beta2) * g * g, net["v"], gradient)
    first_scale, second_scale = 1 / (1 - beta1**t), 1 / (1 - beta2**t)
    p = jax.tree.map(
        lambda p, m, u: p - rate * (m * first_scale) / (jnp.sqrt(u * second_scale) + epsilon), net["p"], m, second)
    return {"p": p, "m": m, "v": second}, value


def step(h, state, batch):
    """One training step: the next state, and the losses of value, policy and critics before it."""
    s, a, r, d, s2 = batch
    t = state["t"] + 1.0
    target = jnp.minimum(q(state["targets"][0], s, a), q(state["targets"][1], s, a))

    def value_loss(net):
        u = target - v(net, s)
        return jnp.mean(jnp.where(u > 0, h["expectile"], 1 - h["expectile"]) * u * u)

    value, value_error = adam(state["value"], h["lr_value"], t, value_loss)
    advantage = target - v(value["p"], s)
    weight = jnp.minimum(jnp.exp(h["inverse_temperature"] * advantage), h["weight_clip"])
    progress = jnp.minimum(state["t"], h["cosine_steps"]) / jnp.maximum(h["cosine_steps"], 1)
    rate = h["lr_actor"] * jnp.where(h["cosine_steps"] > 0, (1 + jnp.cos(jnp.pi * progress)) / 2, 1.0)
    policy, policy_error = adam(
        state["policy"], rate, t, lambda net: -jnp.mean(weight * log_probability(net, h, s, a)))

    y = r + h["discount"] * (1 - d) * v(value["p"], s2)
    critics, critic_error = adam(
        state["critics"], h["lr_critic"], t, lambda nets: sum(jnp.mean((q(net, s, a) - y) ** 2) for net in nets))
    targets = jax.tree.map(
        lambda new, old: h["polyak"] * new + (1 - h["polyak"]) * old, critics["p"], state["targets"])
    losses = {"value_loss": value_error, "actor_loss": policy_error, "critic_loss": critic_error}
    return {"t": t, "value": value, "policy": policy, "critics": critics, "targets": targets}, losses


def learning(p):
    """Parameters with Adam's moments at 0."""
    zeros = jax.tree.map(jnp.zeros_like, p)
    return {"p": p, "m": zeros, "v": zeros}


def begin(value, critics, targets, policy, log_std):
    """A state at step 0."""
    return {
        "t": jnp.zeros((), log_std.dtype), "value": learning(value), "critics": learning(critics), "targets": targets,
        "policy": learning({"net": policy, "log_std": log_std})}


# Golden traces: tensors by their names, as the page of their format says.

def unit(name, count):
    z = 14695981039346656037
    for byte in name.encode():
        z = (z ^ byte) * 1099511628211 % 2**64
    with np.errstate(over="ignore"):
        z = np.full(count, z, np.uint64) + np.arange(1, count + 1).astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
            z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / 2.0**53


def uniform(name, shape, bound):
    return jnp.asarray((2 * unit(name, math.prod(shape)) - 1).reshape(shape) * bound)


def check(path):
    """The largest deviation |x - y| / (1 + |y|) of the losses of a trace."""
    with open(path) as file:
        case = json.load(file)
    seed, sizes, hyper = case["seed"], case["dims"], case["hyper"]
    observations, actions, rows = sizes["obs"], sizes["act"], sizes["batch"]

    def net(name, inputs, outputs):
        widths = [inputs, *sizes["hidden"], outputs]
        return [
            (uniform(f"{seed}/init/{name}/w{k}", (m, n), 1 / math.sqrt(m)),
             uniform(f"{seed}/init/{name}/b{k}", (n,), 1 / math.sqrt(m)))
            for k, (m, n) in enumerate(zip(widths, widths[1:]))]

    def twins(ending):
        return [net(f"critic{i}{ending}", observations + actions, 1) for i in (1, 2)]

    start = hyper["log_std_init"]
    log_std = uniform(f"{seed}/init/actor/log_std", (actions,), 0.5) if start == "hash" else jnp.asarray(start)
    targets = twins("-target" if hyper["target_init"] == "own" else "")
    state = begin(net("value", observations, 1), twins(""), targets, net("actor", observations, actions), log_std)
    h = {name: jnp.asarray(float(number)) for name, number in hyper.items() if isinstance(number, (int, float))}
    worst = 0.0
    for number, expected in enumerate(case["steps"]):
        name = f"{seed}/batch/{number}/"
        batch = (
            uniform(name + "obs", (rows, observations), 1), uniform(name + "act", (rows, actions), 0.95),
            uniform(name + "rew", (rows,), 1), jnp.asarray((unit(name + "done", rows) < 0.1).astype(np.float64)),
            uniform(name + "next_obs", (rows, observations), 1))
        state, losses = step(h, state, batch)
        for loss, found in losses.items():
            worst = max(worst, abs(float(found) - expected[loss]) / (1 + abs(expected[loss])))
    return worst


def checks(folder):
    """A row for each trace of a Gaussian policy in the standard order of updates."""
    print("| golden trace | steps | largest deviation of a loss |\n|---|---:|---:|", flush=True)
    for path in sorted(glob.glob(os.path.join(folder, "iql-*.json"))):
        with open(path) as file:
            case = json.load(file)
        hyper = case["hyper"]
        if hyper["actor"] == "gaussian" and hyper["mean_tanh"] and hyper["order"] == "value-policy-critic":
            print(f"| {case['name']} | {len(case['steps'])} | {check(path):.1e} |", flush=True)


# Rates.

def rates(together, seconds, rows, steps):
    """A row for each number of runs."""
    observations, actions, batch, hidden = 11, 3, 256, [256, 256]
    key = jax.random.key(0)
    table = [jax.random.uniform(jax.random.fold_in(key, i), shape, minval=-1.0)
             for i, shape in enumerate([(rows, observations), (rows, actions), (rows,), (rows, observations)])]
    table = (table[0], table[1], table[2], jnp.zeros(rows), table[3])

    def net(key, inputs, outputs):
        widths = [inputs, *hidden, outputs]
        make = jax.nn.initializers.orthogonal(math.sqrt(2))
        return [(make(jax.random.fold_in(key, k), (m, n)), jnp.zeros(n))
                for k, (m, n) in enumerate(zip(widths, widths[1:]))]

    def initial(key):
        critics = [net(jax.random.fold_in(key, i), observations + actions, 1) for i in (1, 2)]
        return begin(net(jax.random.fold_in(key, 3), observations, 1), critics, critics,
                     net(jax.random.fold_in(key, 4), observations, actions), jnp.zeros(actions))

    def train(h, state, key, table):
        def body(carry, key):
            at = jax.random.randint(key, (batch,), 0, rows)
            return step(h, carry, tuple(column[at] for column in table))
        state, losses = jax.lax.scan(body, state, jax.random.split(key, steps))
        return state, jax.tree.map(lambda loss: loss[-1], losses)

    print("| algorithm | runs together | launched | steps/s | run-steps/s | ms a step |\n|---|---:|---|---:|---:|---:|",
          flush=True)
    for runs in together:
        number = lambda value: jnp.full(runs, value, jnp.float32)
        h = {
            "expectile": number(0.7), "inverse_temperature": number(3.0), "weight_clip": number(100.0),
            "discount": number(0.99), "polyak": number(0.005), "lr_value": number(3e-4), "lr_critic": number(3e-4),
            "lr_actor": number(3e-4), "cosine_steps": number(1e6), "log_std_min": number(-5.0),
            "log_std_max": number(2.0)}
        keys = jax.random.split(jax.random.fold_in(key, runs), runs)
        state = jax.jit(jax.vmap(initial))(keys)
        call = jax.jit(jax.vmap(train, in_axes=(0, 0, 0, None)), donate_argnums=1)
        begun = time.perf_counter()
        state, losses = jax.block_until_ready(call(h, state, keys, table))
        compiled = time.perf_counter() - begun
        found, begun = [], time.perf_counter()
        while len(found) < 3 or time.perf_counter() - begun < seconds:
            start = time.perf_counter()
            state, losses = jax.block_until_ready(call(h, state, keys, table))
            found.append(steps / (time.perf_counter() - start))
        rate = sorted(found)[len(found) // 2]
        finite = all(bool(jnp.all(jnp.isfinite(loss))) for loss in losses.values())
        name = "iql" if finite else "iql (losses are not finite)"
        cells = [name, str(runs), "JAX, vmap and scan", f"{rate:.1f}", f"{runs * rate:.0f}", f"{1000 / rate:.3f}"]
        print(f"| {' | '.join(cells)} |", flush=True)
        print(f"compiled and first run in {compiled:.1f} s", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="FOLDER")
    parser.add_argument("--rates", metavar="R,...")
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--steps", type=int, default=500, help="steps of one call")
    asked = parser.parse_args()
    jax.config.update("jax_default_matmul_precision", "highest")
    if asked.check:
        jax.config.update("jax_enable_x64", True)
        checks(asked.check)
    if asked.rates:
        print(f"JAX {jax.__version__} on {jax.devices()[0].device_kind}", flush=True)
        rates([int(runs) for runs in asked.rates.split(",")], asked.seconds, asked.rows, asked.steps)


if __name__ == "__main__":
    main()
