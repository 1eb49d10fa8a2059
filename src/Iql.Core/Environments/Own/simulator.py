"""Lets Iql use a simulator in Python: a line of JSON on standard input asks, one on standard output answers.
Started with FILE.py and the NAME of a class in it, or of a function that makes a simulator: what has Gymnasium's
reset(seed=...), step(action) and action_space. Or, without a space, action_size or action_count, and time_limit."""
import importlib, json, math, os, signal, sys, traceback

# What the simulator prints goes to standard error. An interrupt is for Iql, which then closes standard input.
answers, questions = os.fdopen(os.dup(1), "w"), os.fdopen(os.dup(0))
os.dup2(2, 1)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
signal.signal(signal.SIGINT, signal.SIG_IGN)

def numbers(value, name="observation"):
    """Every number in order: of a dict by its sorted keys, of tuples, lists and arrays row by row."""
    value = value.tolist() if hasattr(value, "tolist") else value
    parts = [value[key] for key in sorted(value)] if isinstance(value, dict) else value
    if isinstance(parts, (list, tuple)):
        return [number for part in parts for number in numbers(part, name)]
    if not math.isfinite(value):
        raise ValueError(f"{name}: expected finite numbers, got {value}")
    return [float(value)]

def reset(world, seed):
    result = world.reset(seed=seed)
    has_information = isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict)
    return {"observation": numbers(result[0] if has_information else result)}

def step(world, action):
    space = getattr(world, "action_space", None)
    if isinstance(action, int):
        action += int(getattr(space, "start", 0))
    elif getattr(space, "dtype", None) is not None:
        import numpy
        action = numpy.array(action, space.dtype).reshape(space.shape)
    result = world.step(action)
    if len(result) != 5:
        raise ValueError(f"step: expected observation, reward, terminated, truncated, info, got {len(result)} values")
    return {"observation": numbers(result[0]), "reward": numbers(result[1], "reward")[0],
            "terminal": bool(result[2]), "truncated": bool(result[3])}

def describe(world):
    space, spec = getattr(world, "action_space", None), getattr(world, "spec", None)
    count = getattr(space, "n", getattr(world, "action_count", None))
    size = count or getattr(world, "action_size", None) or math.prod(space.shape)
    limit = getattr(spec, "max_episode_steps", None) or getattr(world, "time_limit", 1000)
    name = getattr(spec, "id", None) or getattr(world, "name", None) or type(world).__name__
    return {**reset(world, 0), "name": name, "actions": int(size), "discrete": count is not None, "limit": int(limit)}

make, worlds = None, {}
for line in questions:
    try:
        if make is None:
            sys.path.insert(0, os.path.dirname(os.path.abspath(sys.argv[1])))
            make = getattr(importlib.import_module(os.path.splitext(os.path.basename(sys.argv[1]))[0]), sys.argv[2])
        call, number, *values = json.loads(line)
        worlds[number] = worlds.get(number) or make()
        reply = {"reset": reset, "step": step, "describe": describe}[call](worlds[number], *values)
    except BaseException as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = "" if place.filename == "<string>" else f" ({os.path.basename(place.filename)}, line {place.lineno})"
        reply = {"error": f"{type(error).__name__}: {error}{where}"}
    print(json.dumps(reply), file=answers, flush=True)
