using System.Collections.Immutable;

namespace Iql.Graph;

/// <summary>Number-by-number operations; shapes broadcast as in NumPy.</summary>
public sealed partial class Tensor
{
    static Tensor Unary(Op op, Tensor x) => new(op, [x], x.Shape);

    static Tensor Binary(Op op, Tensor x, Tensor y) =>
        new(op, [x, y], Shape.Broadcast(x.Shape, y.Shape, op.ToString()));

    /// <summary>x + y</summary>
    public static Tensor operator +(Tensor x, Tensor y) => Binary(Op.Add, x, y);
    /// <summary>x + y</summary>
    public static Tensor operator +(Tensor x, double y) => x + Constant(y);
    /// <summary>x + y</summary>
    public static Tensor operator +(double x, Tensor y) => Constant(x) + y;
    /// <summary>x − y</summary>
    public static Tensor operator -(Tensor x, Tensor y) => Binary(Op.Subtract, x, y);
    /// <summary>x − y</summary>
    public static Tensor operator -(Tensor x, double y) => x - Constant(y);
    /// <summary>x − y</summary>
    public static Tensor operator -(double x, Tensor y) => Constant(x) - y;
    /// <summary>x · y, number by number</summary>
    public static Tensor operator *(Tensor x, Tensor y) => Binary(Op.Multiply, x, y);
    /// <summary>x · y</summary>
    public static Tensor operator *(Tensor x, double y) => x * Constant(y);
    /// <summary>x · y</summary>
    public static Tensor operator *(double x, Tensor y) => Constant(x) * y;
    /// <summary>x / y</summary>
    public static Tensor operator /(Tensor x, Tensor y) => Binary(Op.Divide, x, y);
    /// <summary>x / y</summary>
    public static Tensor operator /(Tensor x, double y) => x / Constant(y);
    /// <summary>x / y</summary>
    public static Tensor operator /(double x, Tensor y) => Constant(x) / y;
    /// <summary>−x</summary>
    public static Tensor operator -(Tensor x) => Unary(Op.Negate, x);
    /// <summary>1 where x &lt; y, else 0</summary>
    public static Tensor operator <(Tensor x, Tensor y) => Less(x, y);
    /// <summary>1 where x &gt; y, else 0</summary>
    public static Tensor operator >(Tensor x, Tensor y) => Less(y, x);
    /// <summary>1 where x &lt;= y, else 0</summary>
    public static Tensor operator <=(Tensor x, Tensor y) => LessOrEqual(x, y);
    /// <summary>1 where x &gt;= y, else 0</summary>
    public static Tensor operator >=(Tensor x, Tensor y) => LessOrEqual(y, x);

    /// <summary>eˣ</summary>
    public static Tensor Exp(Tensor x) => Unary(Op.Exp, x);
    /// <summary>Natural logarithm</summary>
    public static Tensor Log(Tensor x) => Unary(Op.Log, x);
    /// <summary>√x</summary>
    public static Tensor Sqrt(Tensor x) => Unary(Op.Sqrt, x);
    /// <summary>x²</summary>
    public static Tensor Square(Tensor x) => Unary(Op.Square, x);
    /// <summary>1 / x</summary>
    public static Tensor Reciprocal(Tensor x) => Unary(Op.Reciprocal, x);
    /// <summary>|x|; its gradient at 0 is 0</summary>
    public static Tensor Abs(Tensor x) => Unary(Op.Abs, x);
    /// <summary>−1, 0 or 1</summary>
    public static Tensor Sign(Tensor x) => Unary(Op.Sign, x);
    /// <summary>The largest whole number not above x</summary>
    public static Tensor Floor(Tensor x) => Unary(Op.Floor, x);
    /// <summary>max(x, 0); its gradient at 0 is 0</summary>
    public static Tensor Relu(Tensor x) => Unary(Op.Relu, x);
    /// <summary>Hyperbolic tangent</summary>
    public static Tensor Tanh(Tensor x) => Unary(Op.Tanh, x);
    /// <summary>1 / (1 + e⁻ˣ)</summary>
    public static Tensor Sigmoid(Tensor x) => Unary(Op.Sigmoid, x);
    /// <summary>ln(1 + eˣ), without overflow</summary>
    public static Tensor Softplus(Tensor x) => Unary(Op.Softplus, x);
    /// <summary>Sine</summary>
    public static Tensor Sin(Tensor x) => Unary(Op.Sin, x);
    /// <summary>Cosine</summary>
    public static Tensor Cos(Tensor x) => Unary(Op.Cos, x);
    /// <summary>Gauss's error function</summary>
    public static Tensor Erf(Tensor x) => Unary(Op.Erf, x);
    /// <summary>x itself, a constant in gradients (a factor that must not learn, as TD3+BC's λ).</summary>
    public static Tensor StopGradient(Tensor x) => Unary(Op.StopGradient, x);
    /// <summary>The smaller of the two; NaN if either is. At a tie the gradient goes to x.</summary>
    public static Tensor Minimum(Tensor x, Tensor y) => Binary(Op.Minimum, x, y);
    /// <summary>The larger of the two; NaN if either is. At a tie the gradient goes to x.</summary>
    public static Tensor Maximum(Tensor x, Tensor y) => Binary(Op.Maximum, x, y);
    /// <summary>1 where x &lt; y, else 0 (also for NaN)</summary>
    public static Tensor Less(Tensor x, Tensor y) => Binary(Op.Less, x, y);
    /// <summary>1 where x &lt;= y, else 0 (also for NaN)</summary>
    public static Tensor LessOrEqual(Tensor x, Tensor y) => Binary(Op.LessOrEqual, x, y);
    /// <summary>1 where x = y, else 0 (also for NaN)</summary>
    public static Tensor Equal(Tensor x, Tensor y) => Binary(Op.Equal, x, y);
    /// <summary>x limited to [low, high]; outside the gradient is 0.</summary>
    public static Tensor Clip(Tensor x, Tensor low, Tensor high) => Minimum(Maximum(x, low), high);

    /// <summary>y where the condition is not 0, else z.</summary>
    public static Tensor Where(Tensor condition, Tensor y, Tensor z) =>
        new(Op.Where, [condition, y, z],
            Shape.Broadcast(Shape.Broadcast(condition.Shape, y.Shape, "Where"), z.Shape, "Where"));
}
