package dev.gatun.op.shape;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/// OpenCL launches of ops that move or set elements of any type.
final class ClMoves {
  private static final ClSource SOURCE = ClSource.of(ClMoves.class, "move.cl");
  private static final ClSource PAD = ClSource.of(ClMoves.class, "pad.cl");
  private static final int CPU_CHUNK = 256;
  private static final int CPU_GROUP = 16;
  private static final int GPU_GROUP = 64;

  /// In `move.cl`: there is no source.
  private static final long NONE = -(1L << 62);

  private ClMoves() {}

  /// Row-major from a strided view.
  static List<Launch> copy(DeviceInfo d, Spec x) {
    long[] sizes = reversed(x.shape());
    int axis = 0;
    while (axis < sizes.length - 1 && sizes[axis] == 1) {
      axis++;
    }
    long inner = sizes.length == 0 ? 1 : sizes[axis];
    long rows = inner == 0 ? 0 : x.shape().elems() / inner;
    return List.of(
        program(d, "copy", x.dtype())
            .in(0)
            .out(0)
            .longs(inner, axis, sizes.length)
            .long16(sizes)
            .with(new Launch.Strides(0))
            .over(items(d, inner), rows, group(d), 1));
  }

  private static long[] reversed(Shape s) {
    return LongStream.rangeClosed(1, s.rank()).map(a -> s.dim((int) -a)).toArray();
  }

  /// By the rules of `op`.
  static List<Launch> moves(Moves op, DeviceInfo d, Spec x, Spec y) {
    Shape s = y.shape();
    int rank = s.rank();
    if (s.elems() == 0) {
      return List.of();
    }
    long[] strides = new long[rank];
    long[][] ends = new long[2][rank];
    long[][] from = new long[MovesSimd.RUNS][rank];
    long[][] steps = new long[MovesSimd.RUNS][rank];
    long stride = 1;
    for (int k = 0; k < rank; k++) {
      int axis = rank - 1 - k;
      strides[k] = stride;
      stride *= x.shape().dim(axis);
      long begin = 0;
      for (int run = 0; run < MovesSimd.RUNS; run++) {
        long end = begin;
        if (begin < s.dim(axis)) {
          end = op.end(axis, x.shape().dim(axis), begin);
          run(op, axis, x.shape().dim(axis), begin, end, from[run], steps[run], k);
        }
        if (run < ends.length) {
          ends[run][k] = end;
        }
        begin = end;
      }
    }
    long inner = rank == 0 ? 1 : s.dim(-1);
    Launch.Builder l =
        program(d, "moves", x.dtype()).in(0).out(0).longs(inner, rank).long16(reversed(s));
    l.long16(strides);
    Stream.of(ends, from, steps).flatMap(Stream::of).forEach(l::long16);
    return List.of(
        l.longs(bits(x.dtype(), op.constant()))
            .over(items(d, inner), s.elems() / inner, group(d), 1));
  }

  /// The run of `axis` that starts at `begin` as `from + i step`.
  private static void run(
      Moves op, int axis, long dim, long begin, long end, long[] from, long[] steps, int k) {
    long first = op.source(axis, dim, begin);
    steps[k] =
        first == Moves.NONE || end - begin == 1 ? 0 : op.source(axis, dim, begin + 1) - first;
    from[k] = first == Moves.NONE ? NONE : first - begin * steps[k];
  }

  /// One tensor after the other along `axis`.
  static List<Launch> concat(DeviceInfo d, int axis, List<Spec> in, Spec y) {
    long inner = y.shape().elems(axis + 1, y.shape().rank());
    long row = y.shape().dim(axis) * inner;
    List<Launch> all = new ArrayList<>();
    long first = 0;
    for (int i = 0; i < in.size(); i++) {
      long length = in.get(i).shape().dim(axis) * inner;
      all.add(spread(d, i, in.get(i), length, 1, first, row, 0));
      first += length;
    }
    return all;
  }

  /// Rows of `length` elements of input `i`, row `r` to `first + r / m outer + r mod m step`.
  static Launch spread(
      DeviceInfo d, int i, Spec x, long length, long m, long first, long outer, long step) {
    long n = x.shape().elems();
    return program(d, "spread", x.dtype())
        .in(i)
        .out(0)
        .longs(n, length, m, first, outer, step)
        .over(items(d, n), group(d));
  }

  /// Elements of a padded axis added up where they came from.
  static List<Launch> padGradient(Pad.Grad op, DeviceInfo d, Spec dy) {
    Shape s = dy.shape();
    long inner = s.elems(op.axis() + 1, s.rank());
    long dim = s.dim(op.axis()) - op.before() - op.after();
    long n = dim * inner;
    return List.of(
        Launch.of(PAD, "pad_back")
            .computes(dy.dtype())
            .define("MODE", op.mode().name())
            .define("CHUNK", d.gpu() ? 1 : CPU_CHUNK)
            .in(0)
            .out(0)
            .longs(n, dim, inner, op.before(), op.after())
            .over(items(d, n), s.elems(0, op.axis()), group(d), 1));
  }

  /// Input 1 over input 0.
  static Launch assign(DeviceInfo d, Spec x) {
    long n = x.shape().elems();
    return program(d, "spread", x.dtype())
        .in(1, 0)
        .longs(n, n, 1, 0, 0, 0)
        .over(items(d, n), group(d));
  }

  /// `value` where the mask is set.
  static List<Launch> mask(DeviceInfo d, Spec x, Spec masked, double value) {
    long n = x.shape().elems();
    return List.of(
        program(d, "mask", x.dtype())
            .in(0, 1)
            .out(0)
            .longs(n, masked.shape().elems(), bits(x.dtype(), value))
            .over(items(d, n), group(d)));
  }

  /// Zeros on one side of a diagonal.
  static List<Launch> triangle(DeviceInfo d, Spec x, boolean lower, long diagonal) {
    Shape s = x.shape();
    long bounded = Math.clamp(diagonal, -s.dim(-2) - 1, s.dim(-1) + 1);
    return List.of(
        program(d, "triangle", x.dtype())
            .in(0)
            .out(0)
            .longs(s.elems(), s.dim(-2), s.dim(-1), lower ? 1 : 0, bounded)
            .over(items(d, s.elems()), group(d)));
  }

  /// `value` everywhere.
  static List<Launch> fill(DeviceInfo d, Spec y, double value) {
    long n = y.shape().elems();
    return List.of(
        program(d, "fill", y.dtype())
            .out(0)
            .longs(n, bits(y.dtype(), value))
            .over(items(d, n), group(d)));
  }

  /// How `value` lies in memory.
  static long bits(DType t, double value) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment s = arena.allocate(8, 8);
      t.write(s, 0, value);
      return s.get(ValueLayout.JAVA_LONG, 0);
    }
  }

  private static Launch.Builder program(DeviceInfo d, String entry, DType t) {
    return Launch.of(SOURCE, entry)
        .define("E", Launch.bits(t))
        .define("CHUNK", d.gpu() ? 1 : CPU_CHUNK);
  }

  private static long items(DeviceInfo d, long n) {
    return d.gpu() ? n : Math.ceilDiv(n, (long) CPU_CHUNK);
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : CPU_GROUP;
  }
}
