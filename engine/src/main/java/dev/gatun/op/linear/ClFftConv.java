package dev.gatun.op.linear;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// OpenCL launches of [FftConv] and its gradient: rows and filters transformed, multiplied, and
/// transformed back. Work memory: three times the padded rows, as complex numbers.
final class ClFftConv {
  private static final ClSource SOURCE = ClSource.of(ClFftConv.class, "fft.cl", "fft_conv.cl");

  private final FftConv op;
  private final List<Spec> in;
  private final int first;
  private final DType type;
  private final long batches;
  private final long channels;
  private final long l;
  private final long rows;
  private final long n;
  private final ClFft fft;
  private final Launch.Scratch filter;
  private final Launch.Scratch filterHelp;
  private final Launch.Scratch a;
  private final Launch.Scratch b;
  private final Launch.Scratch c;
  private final List<Launch> all = new ArrayList<>();

  /// @param first number of the input `u`
  private ClFftConv(FftConv op, DeviceInfo d, List<Spec> in, int first) {
    this.op = op;
    this.in = in;
    this.first = first;
    Shape u = in.get(first).shape();
    type = in.get(first).dtype();
    batches = u.dim(0);
    channels = u.dim(1);
    l = u.dim(2);
    rows = batches * channels;
    n = l == 1 ? 1 : Long.highestOneBit(2 * l - 2) * 2;
    fft = new ClFft(d, type, n);
    filter = fft.rowsAfter(fft.table(), channels);
    filterHelp = fft.rowsAfter(filter, channels);
    a = fft.rowsAfter(filterHelp, rows);
    b = fft.rowsAfter(a, rows);
    c = fft.rowsAfter(b, rows);
  }

  static List<Launch> forward(FftConv op, DeviceInfo d, List<Spec> in) {
    ClFftConv f = new ClFftConv(op, d, in, 0);
    f.fft.twiddles(f.all);
    Launch.Scratch filter = f.filter();
    Launch.Scratch u = f.transformed(l -> l.in(FftConv.U, FftConv.U), f.a, f.b);
    Launch.Scratch y = f.multiplied(u, filter, f.other(u), u, false);
    f.finish(y, FftConv.U, op.gelu() ? 1 : 0, l -> l.out(0));
    return f.all;
  }

  static List<Launch> back(FftConv op, DeviceInfo d, List<Spec> in) {
    ClFftConv f = new ClFftConv(op, d, in, 1);
    long bytes = Math.max(1, f.rows * f.l) * f.type.bytes();
    Launch.Scratch g = new Launch.Scratch(f.end(f.c), bytes, f.type.bytes());
    f.fft.twiddles(f.all);
    Launch.Scratch filter = f.filter();
    Launch.Scratch u = f.transformed(l -> l.in(1, 1), f.a, f.b);
    Launch.Scratch spare = f.other(u);
    if (op.gelu()) {
      Launch.Scratch p = f.multiplied(u, filter, spare, f.c, false);
      f.finish(p, 1, 2, l -> l.with(g));
    }
    Launch.Scratch dy = f.transformed(l -> op.gelu() ? l.with(g).with(g) : l.in(0, 0), spare, f.c);
    f.filtersBack(dy, u);
    Launch.Scratch other = dy.equals(spare) ? f.c : spare;
    Launch.Scratch du = f.multiplied(dy, filter, other, u, true);
    f.inputBack(du, g);
    return f.all;
  }

  private long end(Launch.Scratch s) {
    return Launch.roundUp(s.offset() + s.bytes(), 128);
  }

  private Launch.Scratch other(Launch.Scratch s) {
    return s.equals(a) ? b : a;
  }

  /// The transforms of the filters.
  private Launch.Scratch filter() {
    int k = first + FftConv.K;
    int reverse = op.reverse() ? first + FftConv.REVERSE : k;
    Launch.Builder f = fft.program(SOURCE, "filters").in(k, reverse).with(filter);
    f.longs(channels * n, channels, n, l, length(k), op.reverse() ? length(reverse) : 0);
    all.add(f.longs(op.period()).over(channels, fft.group()));
    return fft.passes(all, filter, filterHelp, channels);
  }

  private long length(int input) {
    return in.get(input).shape().dim(1);
  }

  private Launch.Scratch transformed(
      UnaryOperator<Launch.Builder> input, Launch.Scratch to, Launch.Scratch help) {
    Launch.Builder pack = input.apply(fft.program(SOURCE, "pack")).with(to);
    all.add(pack.longs(rows * n, rows, l, n, 1, 0).over(rows, fft.group()));
    return fft.passes(all, to, help, rows);
  }

  /// The product of transforms `x` and `by`, transformed back, in `to` or `help`.
  private Launch.Scratch multiplied(
      Launch.Scratch x,
      Launch.Scratch by,
      Launch.Scratch to,
      Launch.Scratch help,
      boolean conjugate) {
    Launch.Builder product = fft.program(SOURCE, "product").with(x).with(by).with(to);
    product.longs(rows * n, channels * n, rows, channels, n, conjugate ? 1 : 0);
    all.add(product.over(rows, fft.group()));
    return fft.passes(all, to, help, rows);
  }

  private void finish(Launch.Scratch p, int u, int how, UnaryOperator<Launch.Builder> output) {
    int skip = op.skip() ? first + op.d() : u;
    Launch.Builder l = fft.program(SOURCE, "finish").with(p).in(u, skip, 0);
    output.apply(l).longs(rows * n, rows, channels, n, this.l, op.skip() ? 1 : 0, how);
    all.add(l.over(rows, fft.group()));
  }

  private void filtersBack(Launch.Scratch dy, Launch.Scratch u) {
    // The filter's own spectrum is needed once more.
    long at = end(c) + Launch.roundUp(Math.max(1, rows * l) * type.bytes(), 128);
    Launch.Scratch to = new Launch.Scratch(at, 2 * channels * n * type.bytes());
    Launch.Scratch help = new Launch.Scratch(end(to), to.bytes());
    Launch.Builder sums = fft.program(SOURCE, "correlations").with(dy).with(u).with(to);
    sums.longs(rows * n, channels * n, batches, channels, n);
    all.add(sums.over(channels, fft.group()));
    Launch.Scratch y = fft.passes(all, to, help, channels);
    filterBack(y, FftConv.K, op.period(), 0);
    if (op.reverse()) {
      filterBack(y, FftConv.REVERSE, 0, 1);
    }
  }

  private void filterBack(Launch.Scratch y, int output, long period, long turned) {
    Launch.Builder l = fft.program(SOURCE, "filters_back").with(y).out(output);
    l.longs(channels * n, channels, n, this.l, length(first + output), period, turned);
    all.add(l.over(channels, fft.group()));
  }

  private void inputBack(Launch.Scratch du, Launch.Scratch g) {
    int skip = op.skip() ? first + op.d() : 1;
    Launch.Builder l = fft.program(SOURCE, "finish").with(du);
    l = op.gelu() ? l.with(g) : l.in(0);
    l.in(skip, 0).out(FftConv.U).longs(rows * n, rows, channels, n, this.l, op.skip() ? 1 : 0, 0);
    all.add(l.over(rows, fft.group()));
    if (op.skip()) {
      Launch.Builder s = fft.program(SOURCE, "skip_back");
      s = op.gelu() ? s.with(g) : s.in(0);
      all.add(s.in(1).out(op.d()).longs(batches, channels, this.l).over(channels, fft.group()));
    }
  }
}
