package dev.gatun.op.random;

import dev.gatun.tensor.DType;

/// How the work of ops that choose by a word for each element is cut. Free of vector types, as the
/// reference path asks for the size of scratch here.
final class Mask {
  /// Elements of a block of work, a multiple of [Philox#GROUP].
  static final int BLOCK = 16_384;

  /// Elements whose words and factors lie in the first-level cache at a time.
  static final int PIECE = 2048;

  private Mask() {}

  static int blocks(long elems) {
    return Math.toIntExact((elems + BLOCK - 1) / BLOCK);
  }

  /// Bytes of a worker's words and factors.
  static long perWorker(DType type) {
    return (long) PIECE * (Integer.BYTES + type.bytes());
  }

  static long scratch(DType type, int workers) {
    return perWorker(type) * workers;
  }
}
