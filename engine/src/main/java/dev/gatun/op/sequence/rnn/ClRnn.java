package dev.gatun.op.sequence.rnn;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [Rnn] and its gradient: two for each step, whose state is an output.
final class ClRnn {
  private static final ClSource SOURCE = ClSource.of(ClRnn.class, "rnn.cl");
  private static final int GPU_GROUP = 64;
  private static final int CPU_GROUP = 8;

  private ClRnn() {}

  static List<Launch> forward(Rnn op, DeviceInfo d, List<Spec> in) {
    Spec x = in.get(Unrolled.X);
    DType t = x.dtype();
    long steps = x.shape().dim(0);
    long batch = x.shape().dim(1);
    long n = x.shape().dim(2);
    List<Launch> all = new ArrayList<>();
    all.add(start(op, d, in, Unrolled.H0, 1));
    for (long s = 0; s < steps; s++) {
      long at = op.reverse() ? steps - 1 - s : s;
      Launch.Builder dots = program(op, d, "dots", in).in(Unrolled.R).out(1, 2);
      all.add(over(dots.longs(at, 0, batch, n, 0, n, n), d, n, batch));
      Launch.Builder cell = program(op, d, "simple", in).in(Unrolled.X).out(2, 1, 0);
      all.add(over(cell.longs(at, batch, n).real(t, op.cell().clip()), d, n, batch));
    }
    return all;
  }

  static List<Launch> back(Rnn.Grad op, DeviceInfo d, List<Spec> in) {
    int first = op.first();
    Spec x = in.get(first + Unrolled.X);
    long steps = x.shape().dim(0);
    long batch = x.shape().dim(1);
    long n = x.shape().dim(2);
    List<Launch> all = new ArrayList<>();
    all.add(start(op, d, in, 1, 1));
    for (long s = steps - 1; s >= 0; s--) {
      long at = op.reverse() ? steps - 1 - s : s;
      Launch.Builder cell = program(op, d, "simple_back", in);
      cell.in(first + Unrolled.X, op.y() + 1, op.y(), first + Unrolled.H0, 0).out(1, 0, 2);
      cell.longs(at, batch, n, steps).real(x.dtype(), op.cell().clip());
      all.add(over(cell, d, n, batch));
      Launch.Builder dots = program(op, d, "dots_back", in).in(first + Unrolled.R).out(0, 1);
      all.add(over(dots.longs(at, 0, 2, batch, n, 0, n, n), d, n, batch));
    }
    return all;
  }

  private static Launch start(Unrolled op, DeviceInfo d, List<Spec> in, int from, int to) {
    long n = in.get(from).shape().elems();
    Launch.Builder l = define(op, d, "start", in).in(from).out(to).longs(n);
    return l.over(n, d.gpu() ? GPU_GROUP : CPU_GROUP);
  }

  private static Launch over(Launch.Builder l, DeviceInfo d, long n, long batch) {
    return l.over(n, batch, d.gpu() ? GPU_GROUP : CPU_GROUP, 1);
  }

  private static Launch.Builder program(Unrolled op, DeviceInfo d, String entry, List<Spec> in) {
    Launch.Builder l = define(op, d, entry, in);
    return op.lengths() ? l.in(op.first() + op.lengthsAt()) : l;
  }

  private static Launch.Builder define(Unrolled op, DeviceInfo d, String entry, List<Spec> in) {
    DType t = in.get(op.first() + Unrolled.X).dtype();
    RnnCell cell = (RnnCell) op.cell();
    Launch.Builder l = Launch.of(SOURCE, entry).computes(t);
    l.define("LANES", d.lanes(t.bytes())).define("ACTIVATION", Squash.number(cell.activation()));
    if (op.lengths()) {
      l.define("LENGTHS", Launch.name(in.get(op.first() + op.lengthsAt()).dtype()));
    }
    return op.reverse() ? l.define("REVERSE", 1) : l;
  }
}
