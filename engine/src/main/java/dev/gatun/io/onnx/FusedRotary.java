package dev.gatun.io.onnx;

import dev.gatun.op.sequence.attention.Rope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Rotary embeddings: [Rope] where the tables have a row for each row of `x`, else what the pattern
/// said.
sealed interface FusedRotary extends Operator {
  /// `x` turned by tables of half as many columns, if [Rope] takes them.
  static Optional<Tensor> turned(boolean interleaved, Tensor x, Tensor cos, Tensor sin) {
    int rank = x.shape().rank();
    Tensor c = aligned(cos, rank);
    Tensor s = aligned(sin, rank);
    Shape t = c.shape();
    boolean fits =
        rank >= 2
            && t.rank() == rank
            && t.equals(s.shape())
            && 2 * t.dim(-1) == x.dim(-1)
            && t.dim(-2) == x.dim(-2)
            && c.dtype() == x.dtype()
            && s.dtype() == x.dtype();
    for (int a = 0; a < rank - 2 && fits; a++) {
      fits = t.dim(a) == 1 || t.dim(a) == x.dim(a);
    }
    return fits ? Optional.of(new Rope(interleaved, false).of(x, c, s)) : Optional.empty();
  }

  private static Tensor aligned(Tensor t, int rank) {
    Tensor y = t;
    while (y.shape().rank() < rank) {
      y = y.unsqueeze(0);
    }
    return y;
  }

  /// `x cos + concat(-x2, x1) sin` with `x1` the first `half` elements along `axis`. Inputs: `x`
  /// and tables whose second half is like the first.
  record Whole(long axis, long half) implements FusedRotary {
    @Override
    public List<Value> run(Invocation n) {
      Tensor x = n.tensor(0);
      Tensor cos = n.tensor(1);
      Tensor sin = n.tensor(2);
      int at = ShapeOperators.axis(axis, x.shape().rank());
      boolean last = at == x.shape().rank() - 1 && x.dim(at) == 2 * half;
      if (last && isWide(cos) && isWide(sin)) {
        Optional<Tensor> y = turned(false, x, cos.slice(-1, 0, half), sin.slice(-1, 0, half));
        if (y.isPresent()) {
          return List.of(n.like(0, y.get()));
        }
      }
      Tensor first = x.slice(at, 0, half);
      Tensor second = x.slice(at, half, Math.max(half, x.dim(at)));
      Tensor swapped = second.neg().concat(at, first);
      return List.of(n.like(0, x.mul(cos).add(swapped.mul(sin))));
    }

    private boolean isWide(Tensor table) {
      return table.shape().rank() > 0 && table.dim(-1) == 2 * half;
    }
  }

  /// `concat(x1 cos - x2 sin, x2 cos + x1 sin)` with `x1` the first `half` elements of the last
  /// axis. Inputs: `x` and tables.
  record Halves(long half) implements FusedRotary {
    @Override
    public List<Value> run(Invocation n) {
      Tensor x = n.tensor(0);
      Tensor first = x.slice(-1, 0, half);
      Tensor second = x.slice(-1, half, Math.max(half, x.dim(-1)));
      Optional<Tensor> y =
          x.dim(-1) == 2 * half ? turned(false, x, n.tensor(1), n.tensor(2)) : Optional.empty();
      return List.of(
          n.like(0, y.orElseGet(() -> real(n, first, second).concat(-1, cross(n, first, second)))));
    }
  }

  /// The same of even and odd elements, which take turns in the result. Inputs: `x`, tables and the
  /// shape of the result.
  record InTurn() implements FusedRotary {
    @Override
    public List<Value> run(Invocation n) {
      Tensor x = n.tensor(0);
      Optional<Tensor> turned = turned(true, x, n.tensor(1), n.tensor(2));
      long[] pairs = Arrays.copyOf(x.shape().dims(), x.shape().rank() + 1);
      pairs[pairs.length - 2] = x.dim(-1) / 2;
      pairs[pairs.length - 1] = 2;
      Tensor y = turned.isPresent() ? turned.get().reshape(pairs) : composed(n, x);
      long[] dims = n.integers(3);
      for (int i = 0; i < dims.length; i++) {
        dims[i] = dims[i] == 0 ? y.dim(i) : dims[i];
      }
      return List.of(n.like(0, y.reshape(dims)));
    }

    private static Tensor composed(Invocation n, Tensor x) {
      Tensor first = x.slice(-1, 0, x.dim(-1), 2);
      Tensor second = x.slice(-1, 1, Math.max(1, x.dim(-1)), 2);
      return real(n, first, second).stack(-1, cross(n, first, second));
    }
  }

  private static Tensor real(Invocation n, Tensor first, Tensor second) {
    return first.mul(n.tensor(1)).sub(second.mul(n.tensor(2)));
  }

  private static Tensor cross(Invocation n, Tensor first, Tensor second) {
    return second.mul(n.tensor(1)).add(first.mul(n.tensor(2)));
  }
}
