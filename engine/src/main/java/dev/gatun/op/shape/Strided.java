package dev.gatun.op.shape;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import dev.gatun.op.Call;
import dev.gatun.tensor.Layout;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;

/// Gathers a strided view into row-major order, in blocks of two axes: the innermost axis, along
/// which the result runs on, and the axis along which the view does. Where these are one, rows are
/// copied whole; where not, square tiles keep both sides in the first-level cache.
final class Strided {
  private static final int BLOCK = 16_384;
  private static final int TILE = 128;
  private static final int STRIP = 16;

  // Registers. Axis 0 is the innermost; `J` is the other axis of a block, 0 if there is none.
  private static final int J = 0;
  private static final int AXES = 1;
  private static final int TILE_I = 2;
  private static final int TILE_J = 3;
  private static final int OUTER = 4;
  private static final int MAX_AXES = 8;
  private static final int SIZE = 8;
  private static final int FROM = SIZE + MAX_AXES;
  private static final int TO = FROM + MAX_AXES;

  private Strided() {}

  /// Merges axes and chooses the blocks of `c`.
  ///
  /// @return their number, or -1 if more axes remain than the registers hold
  static int plan(Call c) {
    long[] r = c.registers();
    if (!merge(c.inShape(0), c.layout(0), r)) {
      return -1;
    }
    int j = r[AXES] > 1 ? 1 : 0;
    boolean transposed = false;
    for (int a = 1; a < r[AXES] && r[FROM] != 1; a++) {
      if (r[FROM + a] == 1) {
        j = a;
        transposed = true;
      }
    }
    r[J] = j;
    r[TILE_I] = Math.max(1, transposed ? TILE : Math.min(r[SIZE], BLOCK));
    r[TILE_J] = transposed ? TILE : Math.max(1, BLOCK / r[TILE_I]);
    r[OUTER] = 1;
    for (int a = 1; a < r[AXES]; a++) {
      r[OUTER] *= a == j ? 1 : r[SIZE + a];
    }
    return Math.toIntExact(r[OUTER] * tiles(r, 0, TILE_I) * (j == 0 ? 1 : tiles(r, j, TILE_J)));
  }

  private static long tiles(long[] r, int axis, int tile) {
    return (r[SIZE + axis] + r[tile] - 1) / r[tile];
  }

  private static boolean merge(Shape shape, Layout layout, long[] r) {
    int n = 0;
    long to = 1;
    for (int i = shape.rank() - 1; i >= 0; i--) {
      long size = shape.dim(i);
      if (size == 1) {
        continue;
      }
      if (n > 0 && layout.stride(i) == r[FROM + n - 1] * r[SIZE + n - 1]) {
        r[SIZE + n - 1] *= size;
      } else if (n == MAX_AXES) {
        return false;
      } else {
        r[SIZE + n] = size;
        r[FROM + n] = layout.stride(i);
        r[TO + n++] = to;
      }
      to *= size;
    }
    if (n == 0) {
      r[SIZE] = 1;
      r[FROM] = 1;
      r[TO] = 1;
      n = 1;
    }
    r[AXES] = n;
    return true;
  }

  /// Copies block `block` of a planned call.
  static void block(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    int j = (int) r[J];
    long columns = tiles(r, 0, TILE_I);
    long rows = j == 0 ? 1 : tiles(r, j, TILE_J);
    long i0 = block % columns * r[TILE_I];
    long j0 = block / columns % rows * r[TILE_J];
    long from = c.layout(0).offset() + i0 * r[FROM] + (j == 0 ? 0 : j0 * r[FROM + j]);
    long to = i0 + (j == 0 ? 0 : j0 * r[TO + j]);
    long outer = block / columns / rows;
    for (int a = 1; a < r[AXES]; a++) {
      if (a != j) {
        from += outer % r[SIZE + a] * r[FROM + a];
        to += outer % r[SIZE + a] * r[TO + a];
        outer /= r[SIZE + a];
      }
    }
    int ni = (int) Math.min(r[TILE_I], r[SIZE] - i0);
    int nj = j == 0 ? 1 : (int) Math.min(r[TILE_J], r[SIZE + j] - j0);
    panel(c, from, to, j, ni, nj);
  }

  private static void panel(Call c, long from, long to, int j, int ni, int nj) {
    long[] r = c.registers();
    long bytes = c.dtype().bytes();
    long x = from * bytes;
    long y = to * bytes;
    long xi = r[FROM] * bytes;
    long xj = r[FROM + j] * bytes;
    long yj = r[TO + j] * bytes;
    if (xi == bytes) {
      for (int row = 0; row < nj; row++) {
        MemorySegment.copy(c.in(0), x + row * xj, c.out(0), y + row * yj, ni * bytes);
      }
      return;
    }
    for (int i = 0; i < ni; i += STRIP) {
      int n = Math.min(STRIP, ni - i);
      strip(c.in(0), x + i * xi, xi, xj, c.out(0), y + i * bytes, yj, n, nj, (int) bytes);
    }
  }

  private static void strip(
      MemorySegment in,
      long x,
      long xi,
      long xj,
      MemorySegment out,
      long y,
      long yj,
      int ni,
      int nj,
      int bytes) {
    for (int j = 0; j < nj; j++) {
      long p = x + j * xj;
      long q = y + j * yj;
      switch (bytes) {
        case 4 -> {
          for (int i = 0; i < ni; i++) {
            out.set(JAVA_INT_UNALIGNED, q + i * 4L, in.get(JAVA_INT_UNALIGNED, p + i * xi));
          }
        }
        case 8 -> {
          for (int i = 0; i < ni; i++) {
            out.set(JAVA_LONG_UNALIGNED, q + i * 8L, in.get(JAVA_LONG_UNALIGNED, p + i * xi));
          }
        }
        case 2 -> {
          for (int i = 0; i < ni; i++) {
            out.set(JAVA_SHORT_UNALIGNED, q + i * 2L, in.get(JAVA_SHORT_UNALIGNED, p + i * xi));
          }
        }
        default -> {
          for (int i = 0; i < ni; i++) {
            out.set(JAVA_BYTE, q + i, in.get(JAVA_BYTE, p + i * xi));
          }
        }
      }
    }
  }
}
