package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// OpenCL launches of transforms of rows: tables of twiddle factors, packing, the passes, and
/// unpacking. On a CPU a work-item makes all passes of a row, on a GPU a launch is one pass of all.
/// A prime factor `p` of the length costs `p` steps an element.
final class ClFft {
  static final ClSource SOURCE = ClSource.of(ClFft.class, "fft.cl");
  private static final int GPU_GROUP = 64;
  private static final int MAX_PASSES = 16;

  private final DeviceInfo d;
  private final DType type;
  private final long n;
  private final List<Long> radices = new ArrayList<>();
  private final List<Long> widths = new ArrayList<>();
  private final List<Long> starts = new ArrayList<>();
  private final long tablePlane;
  private final Launch.Scratch table;

  /// Transforms of length `n`, whose table lies at the start of work memory.
  ClFft(DeviceInfo d, DType type, long n) {
    this.d = d;
    this.type = type;
    this.n = n;
    factor();
    long done = 1;
    long at = 0;
    int lanes = lanes();
    for (long p : radices) {
      long width = done < lanes && lanes % done == 0 ? lanes : done;
      widths.add(width);
      starts.add(at);
      at += width * (p - 1) + p;
      done *= p;
    }
    tablePlane = at;
    table = new Launch.Scratch(0, 2 * Math.max(1, at) * type.bytes());
  }

  private int lanes() {
    return d.lanes(type.bytes());
  }

  private void factor() {
    long rest = n;
    for (long p = 4; rest > 1; p = p == 4 ? 2 : p == 2 ? 3 : p * p > rest ? rest : p + 2) {
      while (rest % p == 0) {
        radices.add(p);
        rest /= p;
      }
    }
    if (radices.size() > MAX_PASSES) {
      throw new IllegalStateException(
          "Fft: the length must have at most %d factors on an OpenCL device; got %d"
              .formatted(MAX_PASSES, n));
    }
  }

  /// The next piece of work memory, of `rows` rows of complex numbers, behind `before`.
  Launch.Scratch rowsAfter(Launch.Scratch before, long rows) {
    long offset = Launch.roundUp(before.offset() + before.bytes(), 128);
    return new Launch.Scratch(offset, 2 * Math.max(1, rows * n) * type.bytes());
  }

  Launch.Scratch table() {
    return table;
  }

  /// Fills the table.
  void twiddles(List<Launch> all) {
    long done = 1;
    for (int i = 0; i < radices.size(); i++) {
      long p = radices.get(i);
      long width = widths.get(i);
      all.add(
          program("twiddles")
              .with(table)
              .longs(tablePlane, starts.get(i), done, width, p)
              .over(width * (p - 1) + p, GPU_GROUP));
      done *= p;
    }
  }

  /// All passes of `rows` rows in `a`, with `b` to help.
  ///
  /// @return which of the two holds the result
  Launch.Scratch passes(List<Launch> all, Launch.Scratch a, Launch.Scratch b, long rows) {
    if (!d.gpu()) {
      Launch.Builder l = program("rows").with(table).with(a).with(b);
      l.longs(tablePlane, rows * n, rows, n, radices.size());
      l.long16(array(radices)).long16(array(widths)).long16(array(starts));
      all.add(l.over(rows, 1));
      return radices.size() % 2 == 0 ? a : b;
    }
    Launch.Scratch from = a;
    Launch.Scratch to = b;
    long done = 1;
    for (int i = 0; i < radices.size(); i++) {
      long p = radices.get(i);
      Launch.Builder l = program("one_pass").with(table).with(from).with(to);
      l.longs(tablePlane, rows * n, n, done, p, widths.get(i), starts.get(i));
      all.add(l.over(n / p, rows, GPU_GROUP, 1));
      done *= p;
      Launch.Scratch t = from;
      from = to;
      to = t;
    }
    return from;
  }

  private static long[] array(List<Long> values) {
    return values.stream().mapToLong(v -> v).toArray();
  }

  Launch.Builder program(String entry) {
    return program(SOURCE, entry);
  }

  Launch.Builder program(ClSource source, String entry) {
    return Launch.of(source, entry).computes(type).define("LANES", lanes());
  }

  static List<Launch> complex(Fft op, DeviceInfo d, Spec x) {
    ClFft f = new ClFft(d, x.dtype(), x.shape().dim(-1));
    long n = f.n;
    long rows = x.shape().elems() / n;
    long inverse = op.inverse() ? 1 : 0;
    return f.around(
        rows,
        f.program("pack").in(0, 1),
        pack -> pack.longs(rows * n, rows, n, n, 0, inverse),
        f.program("unpack"),
        unpack ->
            unpack
                .out(0, 1)
                .longs(rows * n, rows, n, n, inverse)
                .real(f.type, op.scaled() ? 1.0 / n : 1));
  }

  static List<Launch> real(Rfft op, DeviceInfo d, Spec x) {
    ClFft f = new ClFft(d, x.dtype(), x.shape().dim(-1));
    long n = f.n;
    long rows = x.shape().elems() / n;
    return f.around(
        rows,
        f.program("pack").in(0, 0),
        pack -> pack.longs(rows * n, rows, n, n, 1, 0),
        f.program("unpack_half"),
        unpack ->
            unpack
                .out(0, 1)
                .longs(rows * n, rows, n)
                .real(f.type, Rfft.edge(op.adjoint(), n))
                .real(f.type, Rfft.inner(op.adjoint(), n)));
  }

  static List<Launch> inverse(Irfft op, DeviceInfo d, Spec x) {
    ClFft f = new ClFft(d, x.dtype(), op.n());
    long n = f.n;
    long rows = x.shape().elems() / x.shape().dim(-1);
    return f.around(
        rows,
        f.program("pack_half").in(0, 1),
        pack ->
            pack.longs(rows * n, rows, n)
                .real(f.type, Rfft.edge(!op.adjoint(), n))
                .real(f.type, Rfft.inner(!op.adjoint(), n) / 2),
        f.program("unpack_real"),
        unpack -> unpack.out(0).longs(rows * n, rows, n));
  }

  /// `pack` into work memory, all passes, and `unpack` from it; the operators add what comes behind
  /// the work memory among the arguments.
  private List<Launch> around(
      long rows,
      Launch.Builder pack,
      UnaryOperator<Launch.Builder> packed,
      Launch.Builder unpack,
      UnaryOperator<Launch.Builder> unpacked) {
    Launch.Scratch a = rowsAfter(table, rows);
    Launch.Scratch b = rowsAfter(a, rows);
    List<Launch> all = new ArrayList<>();
    twiddles(all);
    all.add(packed.apply(pack.with(a)).over(rows, group()));
    Launch.Scratch y = passes(all, a, b, rows);
    all.add(unpacked.apply(unpack.with(y)).over(rows, group()));
    return all;
  }

  long group() {
    return d.gpu() ? GPU_GROUP : 1;
  }
}
