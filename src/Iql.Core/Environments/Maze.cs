using System.Collections.Immutable;

namespace Iql.Environments;

/// <summary>A maze of unit cells. Cell (row, column) is centred at (x, y) = (row, column): x runs down the drawing, y
/// to the right. Free cells are numbered from 0 in reading order.</summary>
public sealed class Maze
{
    internal const int Up = 1, Down = 2, Left = 4, Right = 8, UpLeft = 16, UpRight = 32, DownLeft = 64, DownRight = 128;

    /// <summary>Up, down, left, right.</summary>
    internal static readonly ImmutableArray<(int Row, int Column)> Moves = [(-1, 0), (1, 0), (0, -1), (0, 1)];

    readonly byte[] contacts;
    readonly int[] numbers, distances;
    readonly short[] hops;
    readonly int[][] neighbours;

    /// <summary>Reads a drawing: '#' wall, 'O' free, 'G' goal, 'S' start. Walls surround the free cells.</summary>
    /// <param name="rows">One text a row, all of one length.</param>
    public Maze(params ReadOnlySpan<string> rows)
    {
        Check.AtLeast(rows.Length, 3, nameof(rows));
        (Rows, Columns, Drawing) = (rows.Length, rows[0].Length, [.. rows]);
        var cells = ImmutableArray.CreateBuilder<(int, int)>();
        numbers = new int[Rows * Columns];
        (Goal, Start) = (-1, -1);
        for (var row = 0; row < Rows; row++)
        {
            Check.That(rows[row].Length == Columns, $"row {row}", $"{Columns} characters, as row 0 has",
                rows[row].Length);
            for (var column = 0; column < Columns; column++)
            {
                var mark = rows[row][column];
                Check.That(mark is '#' or 'O' or 'G' or 'S', $"cell ({row}, {column})", "'#', 'O', 'G' or 'S'", mark);
                var border = row == 0 || row == Rows - 1 || column == 0 || column == Columns - 1;
                Check.That(mark == '#' || !border, $"cell ({row}, {column})", "a wall, as all of the border", mark);
                numbers[row * Columns + column] = mark == '#' ? -1 : cells.Count;
                if (mark == '#') continue;
                Check.That(mark != 'G' || Goal < 0, nameof(rows), "one goal", "two");
                Check.That(mark != 'S' || Start < 0, nameof(rows), "at most one start", "two");
                if (mark == 'G') Goal = cells.Count;
                if (mark == 'S') Start = cells.Count;
                cells.Add((row, column));
            }
        }
        Check.That(Goal >= 0, nameof(rows), "one goal 'G'", "none");
        Cells = cells.ToImmutable();
        contacts = Contacts();
        neighbours = Adjacency();
        (distances, hops) = ShortestPaths();
        var connected = !distances.Contains(int.MaxValue);
        Check.That(connected, nameof(rows), "free cells that are all connected", "a cell cut off");
    }

    /// <summary>The drawing.</summary>
    public ImmutableArray<string> Drawing { get; }
    /// <summary>Number of rows, walls included.</summary>
    public int Rows { get; }
    /// <summary>Number of columns, walls included.</summary>
    public int Columns { get; }
    /// <summary>The free cells in reading order: cell i's centre is at (x, y) = Cells[i].</summary>
    public ImmutableArray<(int Row, int Column)> Cells { get; }
    /// <summary>Number of the goal cell.</summary>
    public int Goal { get; }
    /// <summary>Number of the start cell; −1: episodes start anywhere.</summary>
    public int Start { get; }

    /// <summary>Whether a cell is wall, as everything outside is.</summary>
    public bool IsWall(int row, int column) =>
        (uint)row >= (uint)Rows || (uint)column >= (uint)Columns || numbers[row * Columns + column] < 0;

    /// <summary>Number of the free cell that holds a point, −1 inside a wall.</summary>
    public int CellAt(double x, double y)
    {
        var (row, column) = ((int)Math.Floor(x + 0.5), (int)Math.Floor(y + 0.5));
        return IsWall(row, column) ? -1 : numbers[row * Columns + column];
    }

    /// <summary>Length of the shortest path between two free cells, in cells.</summary>
    public int Distance(int from, int to) => distances[from * Cells.Length + to];
    /// <summary>The next cell on the shortest path to <paramref name="to"/>; ties go up, down, left, right.</summary>
    public int Next(int from, int to) => hops[from * Cells.Length + to];
    /// <summary>Free cells that share a side with a free cell: up, down, left, right.</summary>
    public ReadOnlySpan<int> Neighbours(int cell) => neighbours[cell];
    /// <summary>Any free cell but the goal's, each as likely.</summary>
    internal int Elsewhere(Seed seed, ulong draw)
    {
        var cell = seed.Below(draw, Cells.Length - 1);
        return cell < Goal ? cell : cell + 1;
    }

    /// <summary>Contacts of a disc in a free cell: a bit per wall side, and per free corner of a wall.</summary>
    internal int ContactsOf(int row, int column) => contacts[row * Columns + column];

    byte[] Contacts()
    {
        var masks = new byte[Rows * Columns];
        foreach (var (row, column) in Cells)
        {
            var (up, down) = (IsWall(row - 1, column), IsWall(row + 1, column));
            var (left, right) = (IsWall(row, column - 1), IsWall(row, column + 1));
            masks[row * Columns + column] = (byte)(
                (up ? Up : 0) | (down ? Down : 0) | (left ? Left : 0) | (right ? Right : 0)
                | (!up && !left && IsWall(row - 1, column - 1) ? UpLeft : 0)
                | (!up && !right && IsWall(row - 1, column + 1) ? UpRight : 0)
                | (!down && !left && IsWall(row + 1, column - 1) ? DownLeft : 0)
                | (!down && !right && IsWall(row + 1, column + 1) ? DownRight : 0));
        }
        return masks;
    }

    (int[] Distances, short[] Hops) ShortestPaths()
    {
        var count = Cells.Length;
        var (length, hop) = (new int[count * count], new short[count * count]);
        Array.Fill(length, int.MaxValue);
        var queue = new Queue<int>();
        for (var to = 0; to < count; to++)
        {
            length[to * count + to] = 0;
            queue.Enqueue(to);
            while (queue.TryDequeue(out var cell))
                foreach (var neighbour in neighbours[cell])
                    if (length[neighbour * count + to] == int.MaxValue)
                    {
                        length[neighbour * count + to] = length[cell * count + to] + 1;
                        queue.Enqueue(neighbour);
                    }
            for (var from = 0; from < count; from++)
                hop[from * count + to] = (short)neighbours[from]
                    .FirstOrDefault(cell => length[cell * count + to] < length[from * count + to], to);
        }
        return (length, hop);
    }

    int[][] Adjacency() => [.. Cells.Select(cell => Moves
        .Select(move => CellAt(cell.Row + move.Row, cell.Column + move.Column)).Where(near => near >= 0).ToArray())];
}
