package dev.gatun.op.sequence.rnn;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [Rnn] and its gradient, two for each step.
final class ClRnn {
  private static final ClSource SOURCE = ClSource.of(ClRnn.class, "rnn.cl");

  private ClRnn() {}

  static List<Launch> forward(Rnn op, DeviceInfo d, List<Spec> in) {
    ClSteps c = steps(op, d, in);
    long batch = c.batch();
    long n = c.units();
    c.start(Unrolled.H0, 1, n);
    for (long s = 0; s < c.steps(); s++) {
      long t = c.time(s);
      Launch.Builder dots = c.program("dots").in(Unrolled.R).out(1, 2);
      c.over(dots.longs(t, 0, batch, n, 0, n, n), n);
      Launch.Builder cell = c.program("simple").in(Unrolled.X).out(2, 1, 0);
      cell.longs(t, batch, n, op.cell().linear()).real(c.type(), op.cell().clip());
      c.over(cell, n);
    }
    return c.launches();
  }

  static List<Launch> back(Rnn.Grad op, DeviceInfo d, List<Spec> in) {
    ClSteps c = steps(op, d, in);
    int first = op.first();
    long batch = c.batch();
    long n = c.units();
    c.start(1, 1, n);
    for (long s = c.steps() - 1; s >= 0; s--) {
      long t = c.time(s);
      Launch.Builder cell = c.program("simple_back");
      cell.in(first + Unrolled.X, op.y() + 1, op.y(), first + Unrolled.H0, 0).out(1, 0, 2);
      cell.longs(t, batch, n, c.steps(), op.cell().linear()).real(c.type(), op.cell().clip());
      c.over(cell, n);
      Launch.Builder dots = c.program("dots_back").in(first + Unrolled.R).out(0, 1);
      c.over(dots.longs(t, 0, 2, batch, n, 0, n, n), n);
    }
    return c.launches();
  }

  private static ClSteps steps(Unrolled op, DeviceInfo d, List<Spec> in) {
    RnnCell cell = (RnnCell) op.cell();
    int activation = Squash.number(cell.activation());
    return new ClSteps(SOURCE, op, d, in, l -> l.define("ACTIVATION", activation));
  }
}
