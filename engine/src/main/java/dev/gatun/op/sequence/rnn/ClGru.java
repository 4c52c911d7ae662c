package dev.gatun.op.sequence.rnn;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [Gru] and its gradient, a few for each step.
final class ClGru {
  private static final ClSource SOURCE = ClSource.of(ClGru.class, "rnn.cl", "gru.cl");
  private final GruCell cell;
  private final ClSteps steps;
  private final long batch;
  private final long n;

  private ClGru(Unrolled op, GruCell cell, DeviceInfo d, List<Spec> in) {
    this.cell = cell;
    steps = new ClSteps(SOURCE, op, d, in, this::define);
    batch = steps.batch();
    n = steps.units();
  }

  static List<Launch> forward(Gru op, DeviceInfo d, List<Spec> in) {
    ClGru c = new ClGru(op, op.cell(), d, in);
    c.steps.start(Unrolled.H0, 1, c.n);
    for (long s = 0; s < c.steps.steps(); s++) {
      c.step(op, c.steps.time(s));
    }
    return c.steps.launches();
  }

  private void step(Gru gru, long t) {
    boolean linear = cell.linearBeforeReset();
    long count = linear ? 3 * n : 2 * n;
    Launch.Builder state = program("dots").in(Unrolled.R).out(1, 2);
    steps.over(state.longs(t, 0, batch, 3 * n, 0, count, n), count);
    if (!linear) {
      steps.over(real(program("gru_reset").in(Unrolled.X).out(2, 1, 0).longs(t, batch, n)), n);
      Launch.Builder dots = program("dots").in(Unrolled.R).out(0, 2);
      steps.over(dots.longs(t, t * batch, batch, 3 * n, 2 * n, n, n), n);
    }
    Launch.Builder close = program("gru_close");
    real(close.in(Unrolled.X).out(2, 1, 0).longs(t, batch, n));
    if (gru.bias()) {
      close.define("BIAS", 1).in(Gru.BIAS);
    }
    steps.over(close, n);
  }

  static List<Launch> back(GruGrad op, DeviceInfo d, List<Spec> in) {
    ClGru c = new ClGru(op, op.cell(), d, in);
    c.steps.start(1, 1, c.n);
    for (long s = c.steps.steps() - 1; s >= 0; s--) {
      c.back(op, c.steps.time(s));
    }
    return c.steps.launches();
  }

  private void back(GruGrad grad, long t) {
    int x = grad.first() + Unrolled.X;
    int r = grad.first() + Unrolled.R;
    int h0 = grad.first() + Unrolled.H0;
    int u = grad.y() + 1;
    Launch.Builder close = program("gru_back").in(x, u, grad.y(), h0, 0).out(1, 0, 2, 3);
    steps.over(real(close.longs(t, batch, n, steps.steps())), n);
    if (cell.linearBeforeReset()) {
      steps.over(program("dots_back").in(r).out(3, 1).longs(t, 0, 1, batch, 3 * n, 0, 3 * n, n), n);
      return;
    }
    Launch.Builder reset = program("dots_back").in(r).out(0, 3);
    steps.over(reset.longs(t, t * batch, 0, batch, 3 * n, 2 * n, n, n), n);
    steps.over(real(program("gru_back_reset").in(x, u).out(1, 0, 2, 3).longs(t, batch, n)), n);
    steps.over(program("dots_back").in(r).out(0, 1).longs(t, 0, 1, batch, 3 * n, 0, 2 * n, n), n);
  }

  private Launch.Builder real(Launch.Builder l) {
    return l.real(steps.type(), cell.clip());
  }

  private Launch.Builder program(String entry) {
    return steps.program(entry);
  }

  private Launch.Builder define(Launch.Builder l) {
    l.define("ACTIVATION", 0)
        .define("GATE", Squash.number(cell.gate()))
        .define("CANDIDATE", Squash.number(cell.candidate()))
        .define("R_AT", cell.r())
        .define("Z_AT", cell.z());
    return cell.linearBeforeReset() ? l.define("LINEAR", 1) : l;
  }
}
