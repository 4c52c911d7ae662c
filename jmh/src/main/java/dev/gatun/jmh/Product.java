package dev.gatun.jmh;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;

/// The sizes of a batch of products `[m, k] [k, n]`; `n = 1` is a matrix times a vector.
record Product(int batch, int m, int k, int n) {
  /// Parses `m x k x n` or `batch * m x k x n`, without spaces.
  static Product parse(String text) {
    int star = text.indexOf('*');
    int batch = star < 0 ? 1 : Integer.parseInt(text.substring(0, star));
    String[] sizes = text.substring(star + 1).split("x", 3);
    return new Product(
        batch, Integer.parseInt(sizes[0]), Integer.parseInt(sizes[1]), Integer.parseInt(sizes[2]));
  }

  boolean isVector() {
    return n == 1;
  }

  Shape a() {
    return batch > 1 ? Shape.of(batch, m, k) : Shape.of(m, k);
  }

  Shape b() {
    return batch > 1 ? Shape.of(batch, k, n) : isVector() ? Shape.of(k) : Shape.of(k, n);
  }

  double flops() {
    return 2.0 * batch * m * k * n;
  }

  /// Bytes of the operands and the result.
  double bytes(DType dtype) {
    return (double) dtype.bytes() * batch * ((double) m * k + (double) k * n + (double) m * n);
  }
}
