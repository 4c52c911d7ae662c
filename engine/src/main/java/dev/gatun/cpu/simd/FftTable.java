package dev.gatun.cpu.simd;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Numbers of a plan on their way from double to memory, and the roots of unity they are made of.
final class FftTable {
  private static final int LINE = 64;

  private final int bytes;
  private final List<double[]> parts = new ArrayList<>();
  private long size;

  /// For elements of `bytes` bytes.
  FftTable(int bytes) {
    this.bytes = bytes;
  }

  /// Appends and returns the offset in bytes.
  long add(double[] values) {
    long at = size;
    parts.add(values);
    size += ((long) values.length * bytes + LINE - 1) / LINE * LINE;
    return at;
  }

  /// All of them, rounded; lives as long as it can be reached.
  MemorySegment segment() {
    MemorySegment s = Arena.ofAuto().allocate(Math.max(size, LINE), LINE);
    long at = 0;
    for (double[] part : parts) {
      for (int i = 0; i < part.length; i++) {
        if (bytes == Float.BYTES) {
          s.set(ValueLayout.JAVA_FLOAT, at + 4L * i, (float) part[i]);
        } else {
          s.set(ValueLayout.JAVA_DOUBLE, at + 8L * i, part[i]);
        }
      }
      at += ((long) part.length * bytes + LINE - 1) / LINE * LINE;
    }
    return s;
  }

  /// `cos(2 pi j / n)` to the last bit or so: the angle is brought within an eighth of a turn while
  /// it is still a fraction.
  static double cos(long j, long n) {
    long r = 8 * Math.floorMod(j, n);
    long octant = r / n;
    double x = angle(r - octant * n, n);
    double y = angle(octant * n + n - r, n);
    return switch ((int) octant) {
      case 0 -> StrictMath.cos(x);
      case 1 -> StrictMath.sin(y);
      case 2 -> -StrictMath.sin(x);
      case 3 -> -StrictMath.cos(y);
      case 4 -> -StrictMath.cos(x);
      case 5 -> -StrictMath.sin(y);
      case 6 -> StrictMath.sin(x);
      default -> StrictMath.cos(y);
    };
  }

  /// `sin(2 pi j / n)`
  static double sin(long j, long n) {
    // A quarter turn back, over a common denominator.
    return cos(4 * Math.floorMod(j, n) - n, 4 * n);
  }

  /// `2 pi (r / 8) / n`
  private static double angle(long r, long n) {
    return Math.PI / 4 * r / n;
  }

  /// In place, `n` a power of two, real parts then imaginary ones; for tables only.
  static void transform(double[] w, int n) {
    for (int i = 1, j = 0; i < n; i++) {
      int bit = n >> 1;
      for (; (j & bit) != 0; bit >>= 1) {
        j ^= bit;
      }
      j ^= bit;
      if (i < j) {
        swap(w, i, j);
        swap(w, n + i, n + j);
      }
    }
    for (int len = 2; len <= n; len *= 2) {
      for (int k = 0; k < len / 2; k++) {
        double c = cos(k, len);
        double s = -sin(k, len);
        for (int i = k; i < n; i += len) {
          butterfly(w, n, i, i + len / 2, c, s);
        }
      }
    }
  }

  private static void butterfly(double[] w, int n, int i, int j, double c, double s) {
    double re = c * w[j] - s * w[n + j];
    double im = c * w[n + j] + s * w[j];
    w[j] = w[i] - re;
    w[n + j] = w[n + i] - im;
    w[i] += re;
    w[n + i] += im;
  }

  private static void swap(double[] w, int i, int j) {
    double v = w[i];
    w[i] = w[j];
    w[j] = v;
  }
}
