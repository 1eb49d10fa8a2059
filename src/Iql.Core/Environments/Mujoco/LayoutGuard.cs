namespace Iql.Environments.Mujoco;

/// <summary>Checks MuJoCo's structures once against <see cref="MjModel"/> and <see cref="MjData"/>.</summary>
static class LayoutGuard
{
    const string Known = """
        <mujoco>
          <option timestep="0.0123"/>
          <worldbody>
            <body name="body" pos="1 2 3">
              <joint name="slide" type="slide" axis="1 0 0" ref="0.5" damping="7"/>
              <geom name="geom" type="sphere" size="0.25" mass="5"/>
              <site name="site" pos="4 5 6"/>
              <body pos="0 0 1"><joint name="ball" type="ball" armature="9"/><geom size="0.5" mass="1"/></body>
            </body>
          </worldbody>
          <actuator><motor name="motor" joint="slide" gear="11" ctrlrange="-12 13" ctrllimited="true"/></actuator>
        </mujoco>
        """;

    static bool started;

    /// <summary>Called under the gate, with the first compiled model.</summary>
    /// <exception cref="DllNotFoundException">Another layout: the library was built in another way.</exception>
    internal static void Check(MujocoModel first)
    {
        if (started) return;
        started = true;
        try
        {
            using var model = MujocoModel.Compile(Known, "known numbers");
            using var simulation = new MujocoSimulation(model);
            Same("sizes", [5, 4, 1], [model.PositionCount, model.VelocityCount, model.ControlCount]);
            Same("timestep", [0.0123], [model.TimeStep]);
            Same("qpos0", [0.5, 1, 0, 0, 0], model.Read("qpos0").AsSpan());
            Same("qpos", [0.5, 1, 0, 0, 0], simulation.Positions);
            Same("qvel", [0, 0, 0, 0], simulation.Velocities);
            Same("ctrl", [0], simulation.Controls);
            Same("body_pos", [0, 0, 0, 1, 2, 3, 0, 0, 1], model.Read("body_pos").AsSpan());
            Same("body_mass", [0, 5, 1], model.Read("body_mass").AsSpan());
            Same("dof_damping", [7, 0, 0, 0], model.Read("dof_damping").AsSpan());
            Same("dof_armature", [0, 9, 9, 9], model.Read("dof_armature").AsSpan());
            Same("geom_size", [0.25, 0, 0, 0.5, 0, 0], model.Read("geom_size").AsSpan());
            Same("site_pos", [4, 5, 6], model.Read("site_pos").AsSpan());
            Same("actuator_gear", [11, 0, 0, 0, 0, 0], model.Read("actuator_gear").AsSpan());
            Same("actuator_ctrlrange", [-12, 13], model.Read("actuator_ctrlrange").AsSpan());
            simulation.Positions[0] = 1.5;
            simulation.Forward();
            Same("xpos", [2, 2, 3], simulation.BodyPosition(1));
            Same("site_xpos", [6, 7, 9], simulation.SitePosition(0));
        }
        catch
        {
            started = false;
            first.Dispose();
            throw;
        }
    }

    static void Same(string name, ReadOnlySpan<double> expected, ReadOnlySpan<double> actual)
    {
        if (!expected.SequenceEqual(actual)) throw new DllNotFoundException(
            $"MuJoCo: expected {name} to be {string.Join(", ", expected.ToArray())}, " +
            $"got {string.Join(", ", actual.ToArray())}: this library is built in another way than the release 2.2.2.");
    }
}
