package dev.gatun.op.sequence.attention;

import dev.gatun.op.shape.IndexSelect;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;

/// Rows of `[B, H, n, D]` that indices `[B, H, m]`, I64, name in their own head: chosen, or added
/// up. A row travels as a whole, through one list of all heads' rows.
final class Rows {
  private Rows() {}

  /// `y[b, h, j] = x[b, h, index[b, h, j]]`; gradient: the sum by index.
  static Tensor select(Tensor x, Tensor index) {
    Tensor flat = x.reshape(-1, x.dim(3));
    return new IndexSelect(0)
        .of(flat, ofAllHeads(index, x.dim(2)))
        .reshape(x.dim(0), x.dim(1), index.dim(2), x.dim(3));
  }

  /// `y[b, h, c] = sum x[b, h, j]` over the `j` with `index[b, h, j] = c < n`; gradient: the choice
  /// by index.
  static Tensor sums(Tensor x, Tensor index, long n) {
    long heads = x.dim(0) * x.dim(1);
    return new IndexSelect.Grad(0, heads * n)
        .of(x.reshape(-1, x.dim(3)), ofAllHeads(index, n))
        .reshape(x.dim(0), x.dim(1), n, x.dim(3));
  }

  /// How often `index` names each of `n` rows, `[B, H, n, 1]`, as `type`.
  static Tensor counts(DType type, Tensor index, long n) {
    return sums(index.scope().full(type, index.shape().insert(3, 1), 1), index, n);
  }

  /// `index + n` for each head before, as a vector.
  private static Tensor ofAllHeads(Tensor index, long n) {
    return index.add(heads(index).mul((double) n)).reshape(-1);
  }

  /// The number of each head through all batches, `[B, H, 1]`.
  static Tensor heads(Tensor index) {
    return upTo(index.scope(), index.dim(0) * index.dim(1)).reshape(index.dim(0), index.dim(1), 1);
  }

  /// The numbers below `n`, I64.
  static Tensor upTo(Scope scope, long n) {
    return scope.arange(DType.I64, 0, (double) n, 1);
  }

  /// Means of `size` rows each, fewer in the last, `[B, H, ceil(n / size), D]`.
  static Tensor means(Tensor x, long size) {
    long n = x.dim(2);
    long whole = n / size;
    Tensor rest = x.slice(2, whole * size, n);
    if (whole == 0) {
      return rest.meanKeep(2);
    }
    Tensor means =
        x.slice(2, 0, whole * size).reshape(x.dim(0), x.dim(1), whole, size, x.dim(3)).mean(3);
    return whole * size == n ? means : means.concat(2, rest.meanKeep(2));
  }
}
