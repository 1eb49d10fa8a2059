using System.Collections.Immutable;

namespace Iql.Environments.Mujoco;

/// <summary>Pictures of models: every shape as round bars, in a plane.</summary>
static class MujocoPicture
{
    const int Sphere = 2, Capsule = 3, Cylinder = 5, Box = 6;

    // The hand's bodies: the table, what trackers hold, and the first thing that is not of the hand.
    const int Table = 1, Tracker = 2, FirstThing = 28;

    // Okabe and Ito 2008, and Tol's wine: bodies beside each other are told apart.
    static readonly ImmutableArray<string> Colours =
        ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#4d4d4d", "#882255"];

    /// <summary>A robot that runs to the right, from the side.</summary>
    internal static Picture Beside(MujocoEnvironment robot) => Robot(robot, point => (point[0], -point[2])) with
    {
        Motion = PictureMotion.AlongFloor,
        Frame = (-1.9, -1.75, 1.9, 0.35),
    };

    /// <summary>A robot from above.</summary>
    internal static Picture Above(MujocoEnvironment robot) => Robot(robot, point => (point[0], point[1]));

    static Picture Robot(MujocoEnvironment robot, Projection project)
    {
        var model = robot.World.Model;
        var bodies = model.Read("geom_bodyid");
        List<Stick> sticks = [.. Sticks(model).Where(stick => bodies[stick.Shape] > 0)];
        var bars = sticks.Select(
            stick => new PictureBar(stick.Radius, Colours[(int)bodies[stick.Shape] % Colours.Length]));
        return new(robot.Seconds, [.. bars], Show, Frame: (-3.2, -2, 3.2, 2)) { Motion = PictureMotion.OverGround };

        PictureMoment Show(double[] state)
        {
            var simulation = robot.Show(state);
            var (x, y) = project(simulation.BodyPosition(1));
            return new(Ends(simulation, sticks, project), x, y);
        }
    }

    /// <summary>The Adroit hand and its things, seen from the right, from behind and from above.</summary>
    /// <param name="start">A state; the picture has room around what moves there.</param>
    /// <param name="target">Where a state's target is in space; null where none is shown.</param>
    internal static Picture Hand(MujocoEnvironment robot, double[] start, Func<double[], double[]>? target = null)
    {
        const double azimuth = -50 * Math.PI / 180, elevation = 25 * Math.PI / 180, margin = 0.2;
        var ((sinA, cosA), (sinE, cosE)) = (Math.SinCos(azimuth), Math.SinCos(elevation));
        double[] right = [-sinA, cosA, 0], up = [-cosA * sinE, -sinA * sinE, cosE];
        double[] near = [cosA * cosE, sinA * cosE, sinE];
        Projection project = point => (Along(right, point), -Along(up, point));
        var model = robot.World.Model;
        var (kinds, bodies, simulation) = (model.Read("geom_type"), model.Read("geom_bodyid"), robot.Show(start));
        // The table first, then what stands farther off.
        List<Stick> sticks = [.. Sticks(model)
            .Where(stick => bodies[stick.Shape] == Table ? kinds[stick.Shape] == Box : bodies[stick.Shape] > Tracker)
            .OrderBy(stick => bodies[stick.Shape] != Table)
            .ThenBy(stick => Along(near, stick.At(simulation, stick.Middle)))];
        var moving = Ends(simulation, sticks.Where(stick => bodies[stick.Shape] != Table), project);
        var (x, y) = (moving.Where((_, i) => i % 2 == 0).ToArray(), moving.Where((_, i) => i % 2 == 1).ToArray());
        var bars = sticks.Select(stick => new PictureBar(stick.Radius, HandColour((int)bodies[stick.Shape])));
        if (target is not null) bars = bars.Append(new(0.02, "#009e73"));
        return new(robot.Seconds, [.. bars], Show,
            Frame: (x.Min() - margin, y.Min() - margin, x.Max() + margin, y.Max() + margin));

        PictureMoment Show(double[] state)
        {
            var ends = Ends(robot.Show(state), sticks, project);
            if (target is null) return new(ends, 0, 0);
            var (x, y) = project(target(state));
            return new([.. ends, x, y, x, y], 0, 0);
        }
    }

    static string HandColour(int body) => body switch
    {
        Table => "#e2ded2",
        < FirstThing => body % 2 == 0 ? "#6d8fb3" : "#4c6c91",
        _ => ((body - FirstThing) % 3) switch { 0 => "#b98b4e", 1 => "#d7b17a", _ => "#5f5f5f" },
    };

    static double Along(double[] axis, ReadOnlySpan<double> point) =>
        axis[0] * point[0] + axis[1] * point[1] + axis[2] * point[2];

    static double[] Ends(MujocoSimulation simulation, IEnumerable<Stick> sticks, Projection project)
    {
        var ends = new List<double>();
        foreach (var stick in sticks)
            foreach (var local in new[] { stick.From, stick.To })
            {
                var (x, y) = project(stick.At(simulation, local));
                ends.AddRange([x, y]);
            }
        return [.. ends];
    }

    static IEnumerable<Stick> Sticks(MujocoModel model)
    {
        var (kinds, sizes) = (model.Read("geom_type"), model.Read("geom_size"));
        return Enumerable.Range(0, kinds.Length).SelectMany(shape =>
        {
            var (a, b, c) = (sizes[3 * shape], sizes[3 * shape + 1], sizes[3 * shape + 2]);
            return (int)kinds[shape] switch
            {
                Sphere => [Upright(shape, a, 0)],
                Capsule => [Upright(shape, a, b)],
                Cylinder when b >= a => [Upright(shape, a, b - a)],
                // A disc is nearly the square of its area.
                Cylinder => Planks(shape, [0.886 * a, 0.886 * a, b]),
                Box => Planks(shape, [a, b, c]),
                _ => (IEnumerable<Stick>)[],
            };
        });
    }

    static Stick Upright(int shape, double radius, double half) => new(shape, radius, [0, 0, -half], [0, 0, half]);

    /// <summary>Bars side by side that fill a box, as planks a door: as thick as it, along its longest side.</summary>
    static IEnumerable<Stick> Planks(int shape, double[] half)
    {
        int[] order = [0, 1, 2];
        Array.Sort([.. half], order);
        var (thickness, width, length) = (half[order[0]], half[order[1]], half[order[2]]);
        var count = Math.Max(1, (int)Math.Round(width / thickness));
        var along = Math.Max(0, length - thickness);
        return Enumerable.Range(0, count).Select(i =>
        {
            double[] from = new double[3], to = new double[3];
            from[order[1]] = to[order[1]] = width * ((2.0 * i + 1) / count - 1);
            (from[order[2]], to[order[2]]) = (-along, along);
            return new Stick(shape, Math.Max(thickness, width / count), from, to);
        });
    }

    delegate (double X, double Y) Projection(ReadOnlySpan<double> point);

    /// <summary>A bar in the coordinates of its shape.</summary>
    readonly record struct Stick(int Shape, double Radius, double[] From, double[] To)
    {
        internal double[] Middle => [.. From.Zip(To, (from, to) => (from + to) / 2)];

        internal double[] At(MujocoSimulation simulation, double[] local)
        {
            ReadOnlySpan<double> middle = simulation.GeomPosition(Shape), turn = simulation.GeomRotation(Shape);
            var point = new double[3];
            for (var i = 0; i < 3; i++)
                point[i] = middle[i] + turn[3 * i] * local[0] + turn[3 * i + 1] * local[1] + turn[3 * i + 2] * local[2];
            return point;
        }
    }
}
