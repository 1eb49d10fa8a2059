// An invented tank: two valves, a heater, and what ten seconds make of the water in it. plant-log.fsx writes what its
// sensors saw.
open System

/// Litres of water in the tank, and their temperature in °C.
type Tank = { Water: float; Temperature: float }

/// Inlet and outlet as per cent of their openings, 0 to 100, and the heater's power in W, 0 to 3,000.
type Command = { Inlet: float; Outlet: float; Heater: float }

/// Litres when full, seconds a row, °C of the inlet's water and of the room, and what the plant is there for: litres a
/// minute at a temperature.
let capacity, seconds, cold, room, demand, wanted = 40.0, 10.0, 20.0, 18.0, 1.2, 35.0

/// Litres a minute that leave through the outlet: faster, the more water stands above it.
let outflow (tank: Tank) (command: Command) = 3.0 * command.Outlet / 100.0 * sqrt (max 0.0 tank.Water / capacity)

/// The tank ten seconds later: water in and out, heat from the heater and the inlet, and losses to the room.
let next (tank: Tank) (command: Command) : Tank =
    let minutes = seconds / 60.0
    let entering = 3.0 * command.Inlet / 100.0 * minutes
    let water = max 1.0 (tank.Water + entering - outflow tank command * minutes)
    let heating = command.Heater * seconds / (4186.0 * water)
    let mixing = (cold - tank.Temperature) * entering / water
    let losing = (room - tank.Temperature) * 0.0002 * seconds
    { Water = water; Temperature = min 95.0 (tank.Temperature + heating + mixing + losing) }

/// Whether the tank ran over or dry, which ends a run.
let failed (tank: Tank) = tank.Water > capacity || tank.Water < 5.0

/// A reward of 0 is the best: no deviation from the demand and its temperature, no power. A failure costs 100.
let reward (tank: Tank) (command: Command) : float =
    let temperature = abs (tank.Temperature - wanted) / 10.0
    let flow = abs (outflow tank command - demand)
    let failure = if failed (next tank command) then 100.0 else 0.0
    -(temperature + flow + command.Heater / 30_000.0 + failure)

/// A tank as a run begins.
let start (random: Random) : Tank = {
    Water = 8.0 + 24.0 * random.NextDouble()
    Temperature = 20.0 + 30.0 * random.NextDouble()
}

/// Who runs the tank: skill from 0 to 1, and how far the habit of the outlet is off, in per cent.
type Operator = { Skill: float; Habit: float }

let someone (random: Random) : Operator = { Skill = random.NextDouble(); Habit = 160.0 * (random.NextDouble() - 0.5) }

/// An operator's hand: never twice the same. The less skill, the more noise, and the further the outlet's habit is off.
let operator (random: Random) (who: Operator) (tank: Tank) : Command =
    let noise scale = scale * (random.NextDouble() + random.NextDouble() - 1.0) * (1.5 - who.Skill)
    let within least greatest (x: float) = max least (min greatest x)
    let level = (tank.Water - capacity / 2.0) / capacity

    {
        Inlet = within 0.0 100.0 (42.0 - 90.0 * who.Skill * level + noise 40.0)
        Outlet = within 0.0 100.0 (57.0 + who.Habit * (1.2 - who.Skill) + noise 40.0)
        Heater = within 0.0 3000.0 (1300.0 + 250.0 * who.Skill * (wanted - tank.Temperature) + noise 900.0)
    }
