package dev.gatun.op.sequence.attention;

import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Tensor;
import java.lang.foreign.MemorySegment;

/// Queries and keys cut into blocks of [Attention#BLOCK] under a mask, on the host.
record BlockGrid(Mask mask, long sq, long sk) {
  /// Blocks of queries.
  int rows() {
    return Math.toIntExact(AttentionRules.blocks(sq));
  }

  /// Blocks of keys.
  int columns() {
    return Math.toIntExact(AttentionRules.blocks(sk));
  }

  /// Whether some query of the row's block sees some key of the column's, row by row.
  boolean[] allowed() {
    boolean[] allowed = new boolean[Math.multiplyExact(rows(), columns())];
    for (int r = 0; r < rows(); r++) {
      // Steps at which the number of runs over a block changes.
      int[] steps = new int[columns() + 1];
      long end = Math.min(sq, (r + 1L) * Attention.BLOCK);
      for (long i = (long) r * Attention.BLOCK; i < end; i++) {
        step(steps, mask.sinkBegin(i, sq, sk), mask.sinkEnd(i, sq, sk));
        step(steps, mask.begin(i, sq, sk), mask.end(i, sq, sk));
      }
      int runs = 0;
      for (int c = 0; c < columns(); c++) {
        runs += steps[c];
        allowed[r * columns() + c] = runs > 0;
      }
    }
    return allowed;
  }

  private void step(int[] steps, long from, long to) {
    if (from < to) {
      steps[(int) (from / Attention.BLOCK)]++;
      steps[(int) ((to - 1) / Attention.BLOCK) + 1]--;
    }
  }

  /// Blocks between block `column` of keys and the nearest one where a query of block `row` stands.
  long distance(int row, int column) {
    long first = mask.position((long) row * Attention.BLOCK, sq, sk);
    long last = mask.position(Math.min(sq, (row + 1L) * Attention.BLOCK) - 1, sq, sk);
    long before = Math.floorDiv(first, Attention.BLOCK) - column;
    long after = column - Math.floorDiv(last, Attention.BLOCK);
    return Math.max(0, Math.max(before, after));
  }

  /// BOOL `[1, 1, rows, columns]`.
  Tensor tensor(Scope scope, boolean[] blocks) {
    byte[] bytes = new byte[blocks.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (blocks[i] ? 1 : 0);
    }
    return scope.copyOf(
        DType.BOOL, Shape.of(1, 1, rows(), columns()), MemorySegment.ofArray(bytes));
  }

  /// Those of `allowed` on the diagonal.
  boolean[] diagonal(boolean[] allowed) {
    boolean[] diagonal = new boolean[allowed.length];
    for (int i = 0; i < diagonal.length; i++) {
      diagonal[i] = allowed[i] && distance(i / columns(), i % columns()) == 0;
    }
    return diagonal;
  }
}
