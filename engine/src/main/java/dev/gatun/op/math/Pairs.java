package dev.gatun.op.math;

import dev.gatun.autograd.Node;
import dev.gatun.op.Call;
import dev.gatun.op.Kernel;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// What ops on two broadcast inputs share beyond floating point: checks by type, and the definition
/// on integers.
final class Pairs {
  static final Set<DType> NUMBERS = Set.of(DType.F32, DType.F64, DType.I32, DType.I64);
  static final Set<DType> BITS = Set.of(DType.BOOL, DType.I32, DType.I64);
  static final Set<DType> INTEGERS = Set.of(DType.I32, DType.I64);
  static final Set<DType> COMPARABLE =
      Set.of(DType.F32, DType.F64, DType.I32, DType.I64, DType.I8, DType.U8, DType.BOOL);

  private Pairs() {}

  /// A function of two integers.
  interface OfLongs {
    long apply(long x, long y);
  }

  /// The shape of the result.
  ///
  /// @throws IllegalArgumentException unless there are two inputs of one type of `types`, which
  ///   `names` spells out, and their shapes broadcast
  static Shape infer(Kernel op, List<Spec> in, Set<DType> types, String names) {
    Rules.count(2, op, "x y", in);
    DType t = in.get(0).dtype();
    Rules.require(
        types.contains(t) && in.get(1).dtype() == t,
        op,
        "dtypes must agree and be " + names,
        "x y",
        in);
    try {
      return Shape.broadcast(in.get(0).shape(), in.get(1).shape());
    } catch (IllegalArgumentException e) {
      throw Rules.broken(op, "shapes must broadcast", "x y", in);
    }
  }

  /// `z = f(x, y)` on integers and [DType#BOOL]; the low bits of the result are kept.
  static void integers(Call c, OfLongs f) {
    Shape z = c.outShape(0);
    DType in = c.dtype();
    DType out = c.outSpec(0).dtype();
    Layout x = Layout.contiguous(c.inShape(0), 0).broadcast(c.inShape(0), z);
    Layout y = Layout.contiguous(c.inShape(1), 0).broadcast(c.inShape(1), z);
    for (long i = 0, n = z.elems(); i < n; i++) {
      long a = in.readLong(c.in(0), x.at(z, i));
      long b = in.readLong(c.in(1), y.at(z, i));
      out.writeLong(c.out(0), i, f.apply(a, b));
    }
  }

  /// The gradients of an op that has none.
  static List<Optional<Tensor>> noGradient(Node n) {
    return java.util.Collections.nCopies(n.inputs(), Optional.empty());
  }
}
