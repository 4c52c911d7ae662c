package dev.gatun.op.shape;

import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/// The different elements of a tensor in ascending order: a function of the host, since how many
/// there are depends on the data. All NaN are one, and so are the two zeros.
///
/// @param values `[u]`, in the type of the tensor
/// @param inverse I64 in the shape of the tensor: which of `values` each element is
/// @param counts I64 `[u]`: how often each occurs
public record Unique(Tensor values, Tensor inverse, Tensor counts) {
  /// The different elements of `x`, in its scope, without gradient.
  ///
  /// @throws IllegalArgumentException if [Sort] refuses the type, or there are 2^31 elements or
  ///   more
  public static Unique of(Tensor x) {
    Tensor flat = x.detach().reshape(-1);
    List<Tensor> sorted = new Sort(0, false).apply(flat);
    double[] values = sorted.get(0).toDoubleArray();
    long[] exact = x.dtype().computes() ? new long[0] : sorted.get(0).toLongArray();
    long[] places = sorted.get(1).toLongArray();
    long[] firsts = new long[values.length];
    long[] counts = new long[values.length];
    long[] inverse = new long[values.length];
    int u = 0;
    for (int i = 0; i < values.length; i++) {
      if (i == 0 || !same(values, exact, i - 1, i)) {
        firsts[u++] = i;
      }
      counts[u - 1]++;
      inverse[(int) places[i]] = (long) u - 1;
    }
    Scope scope = x.scope();
    Tensor distinct =
        x.dtype().computes()
            ? scope.tensor(x.dtype(), Shape.of(u), pick(values, firsts, u))
            : scope.tensor(Shape.of(u), pick(exact, firsts, u)).to(x.dtype());
    return new Unique(
        distinct,
        scope.tensor(x.shape(), inverse),
        scope.tensor(Shape.of(u), Arrays.copyOf(counts, u)));
  }

  private static boolean same(double[] values, long[] exact, int a, int b) {
    return exact.length > 0
        ? exact[a] == exact[b]
        : values[a] == values[b] || Double.isNaN(values[a]) && Double.isNaN(values[b]);
  }

  private static double[] pick(double[] values, long[] at, int n) {
    double[] picked = new double[n];
    Arrays.setAll(picked, i -> values[(int) at[i]]);
    return picked;
  }

  private static long[] pick(long[] values, long[] at, int n) {
    long[] picked = new long[n];
    Arrays.setAll(picked, i -> values[(int) at[i]]);
    return picked;
  }
}
