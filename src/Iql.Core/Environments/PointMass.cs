namespace Iql.Environments;

/// <summary>A disc pushed through a maze. One step of length h, per axis, with force g a (g gear, a action in [−1, 1]),
/// mass m and damping b: v ← clip((m v + h g a) / (m + h b), ±v_max), then x ← x + h v; then the walls push back.
/// Implicit damping and semi-implicit Euler, as MuJoCo; walls are inelastic, without friction.</summary>
/// <remarks>Defaults are D4RL Maze2D's.</remarks>
public sealed record PointMass
{
    /// <summary>m &gt; 0, kilograms: 4/3 π 0.1³ × 1000.</summary>
    public double Mass { get; init; } = 4.1887902047863905;
    /// <summary>g &gt; 0, newtons at full action.</summary>
    public double Gear { get; init; } = 100;
    /// <summary>b ≥ 0, newtons per cell a second.</summary>
    public double Damping { get; init; } = 1;
    /// <summary>h &gt; 0, seconds.</summary>
    public double TimeStep { get; init; } = 0.01;
    /// <summary>v_max &gt; 0, cells a second and axis. √2 h v_max is below the radius: no tunnelling.</summary>
    public double MaxSpeed { get; init; } = 5;
    /// <summary>Radius of the disc, in (0, 0.5) cells.</summary>
    public double Radius { get; init; } = 0.1;
    /// <summary>Damping 40: speed decays within 0.1 seconds and is at most 2.5 cells a second and axis.</summary>
    public static PointMass Syrup { get; } = new() { Damping = 40 };

    /// <summary>These numbers, checked.</summary>
    public PointMass Checked()
    {
        Check.Between(Mass, 0, double.PositiveInfinity, nameof(Mass));
        Check.Between(Gear, 0, double.PositiveInfinity, nameof(Gear));
        Check.AtLeast(Damping, 0, nameof(Damping));
        Check.Between(TimeStep, 0, double.PositiveInfinity, nameof(TimeStep));
        Check.Between(Radius, 0, 0.5, nameof(Radius));
        Check.Between(MaxSpeed, 0, Radius / (Math.Sqrt(2) * TimeStep), nameof(MaxSpeed), "Shorten the time step.");
        return this;
    }

    /// <summary>Steps with one action.</summary>
    /// <param name="state">Read and written: x, y in cells, v_x, v_y in cells a second.</param>
    /// <param name="actionX">a along x, in [−1, 1].</param>
    public void Advance(Maze maze, Span<double> state, double actionX, double actionY, int steps = 1)
    {
        var inertia = Mass + TimeStep * Damping;
        var keep = Mass / inertia;
        var (pushX, pushY) = (TimeStep * Gear / inertia * actionX, TimeStep * Gear / inertia * actionY);
        var (h, fastest, room) = (TimeStep, MaxSpeed, 0.5 - Radius);
        var (x, y, vx, vy) = (state[0], state[1], state[2], state[3]);
        for (var step = 0; step < steps; step++)
        {
            vx = Math.Clamp(keep * vx + pushX, -fastest, fastest);
            vy = Math.Clamp(keep * vy + pushY, -fastest, fastest);
            x += h * vx;
            y += h * vy;

            // The centre moved by less than a radius: it is in a free cell, and only its walls matter.
            var (row, column) = ((int)(x + 0.5), (int)(y + 0.5));
            var contacts = maze.ContactsOf(row, column);
            var (dx, dy) = (x - row, y - column);
            if (contacts == 0 || Math.Max(Math.Abs(dx), Math.Abs(dy)) <= room) continue;
            if (dx < -room && (contacts & Maze.Up) != 0) (dx, vx) = (-room, Math.Max(vx, 0));
            if (dx > room && (contacts & Maze.Down) != 0) (dx, vx) = (room, Math.Min(vx, 0));
            if (dy < -room && (contacts & Maze.Left) != 0) (dy, vy) = (-room, Math.Max(vy, 0));
            if (dy > room && (contacts & Maze.Right) != 0) (dy, vy) = (room, Math.Min(vy, 0));
            var corner = dx < 0 ? dy < 0 ? Maze.UpLeft : Maze.UpRight : dy < 0 ? Maze.DownLeft : Maze.DownRight;
            if ((contacts & corner) != 0) Corner(ref dx, ref dy, ref vx, ref vy);
            (x, y) = (row + dx, column + dy);
        }
        (state[0], state[1], state[2], state[3]) = (x, y, vx, vy);
    }

    // Pushes the disc out of the cell's nearest corner and removes the speed into it.
    void Corner(ref double x, ref double y, ref double vx, ref double vy)
    {
        var (cornerX, cornerY) = (Math.CopySign(0.5, x), Math.CopySign(0.5, y));
        var (dx, dy) = (x - cornerX, y - cornerY);
        var square = dx * dx + dy * dy;
        if (square >= Radius * Radius) return;
        var distance = Math.Sqrt(square);
        var (nx, ny) = (dx / distance, dy / distance);
        (x, y) = (cornerX + Radius * nx, cornerY + Radius * ny);
        var inward = Math.Min(vx * nx + vy * ny, 0);
        vx -= inward * nx;
        vy -= inward * ny;
        // The turn may lift an axis' speed over the bound: shorten the velocity.
        var excess = Math.Max(Math.Abs(vx), Math.Abs(vy)) / MaxSpeed;
        if (excess > 1) (vx, vy) = (vx / excess, vy / excess);
    }
}
