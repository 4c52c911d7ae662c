package dev.gatun.op.sequence.rnn;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.List;

/// OpenCL launches of [Lstm] and its gradient, a few for each step.
final class ClLstm {
  private static final ClSource SOURCE = ClSource.of(ClLstm.class, "rnn.cl", "lstm.cl");
  private final Lstm lstm;
  private final LstmCell cell;
  private final ClSteps steps;
  private final DType type;
  private final long batch;
  private final long n;
  private final long p;

  private ClLstm(Unrolled op, Lstm lstm, DeviceInfo d, List<Spec> in) {
    this.lstm = lstm;
    this.cell = lstm.cell();
    steps = new ClSteps(SOURCE, op, d, in, this::define);
    type = steps.type();
    batch = steps.batch();
    n = steps.units();
    p = in.get(op.first() + Unrolled.H0).shape().dim(1);
  }

  static List<Launch> forward(Lstm op, DeviceInfo d, List<Spec> in) {
    ClLstm c = new ClLstm(op, op, d, in);
    c.steps.start(Unrolled.H0, 1, c.p);
    c.steps.start(Lstm.C0, 2, c.n);
    for (long s = 0; s < c.steps.steps(); s++) {
      c.step(c.steps.time(s));
    }
    return c.steps.launches();
  }

  private void step(long t) {
    Launch.Builder dots = program("dots").in(Unrolled.R).out(1, 3);
    steps.over(dots.longs(t, 0, batch, 4 * n, 0, 4 * n, p), 4 * n);
    Launch.Builder close = program("lstm_close").in(Unrolled.X).out(3, 2, 4);
    if (lstm.projection()) {
      close.scratch(batch * n * type.bytes()).out(0);
    } else {
      close.out(0, 1);
    }
    steps.over(peepholes(close.longs(t, batch, n).real(type, cell.clip()), 0), n);
    if (lstm.projection()) {
      Launch.Builder project = program("dots").in(lstm.projectionAt());
      project.scratch(batch * n * type.bytes()).out(0).longs(t, 0, batch, p, 0, p, n);
      steps.over(project, p);
      steps.over(program("lstm_state").out(0, 1).longs(t, batch, p), p);
    }
  }

  static List<Launch> back(LstmGrad op, DeviceInfo d, List<Spec> in) {
    ClLstm c = new ClLstm(op, op.forward(), d, in);
    c.steps.start(1, 1, c.p);
    c.steps.start(2, 2, c.n);
    for (long s = c.steps.steps() - 1; s >= 0; s--) {
      c.back(op, c.steps.time(s));
    }
    return c.steps.launches();
  }

  private void back(LstmGrad grad, long t) {
    int first = grad.first();
    long bytes = batch * n * type.bytes();
    Launch.Builder state = program("lstm_state_back").in(grad.y(), first + Unrolled.H0, 0).out(1);
    if (lstm.projection()) {
      steps.over(state.out(grad.states(), 3).longs(t * batch, t, batch, p, steps.steps()), p);
      Launch.Builder dm = program("dots_back").in(first + lstm.projectionAt()).out(grad.states());
      steps.over(dm.scratch(bytes).longs(t, 0, 0, batch, p, 0, p, n), n);
    } else {
      steps.over(state.scratch(bytes).out(3).longs(0, t, batch, p, steps.steps()), p);
    }
    Launch.Builder back = program("lstm_back");
    back.in(first + Unrolled.X, grad.y() + 1, grad.y() + 2, first + Lstm.C0).scratch(bytes);
    back.out(2, 0);
    if (lstm.peepholes()) {
      back.out(4);
    }
    if (lstm.projection()) {
      back.out(grad.states() + 1);
    }
    steps.over(peepholes(back.longs(t, batch, n, steps.steps()).real(type, cell.clip()), first), n);
    Launch.Builder dots = program("dots_back").in(first + Unrolled.R).out(0, 1);
    steps.over(dots.longs(t, 0, 2, batch, 4 * n, 0, 4 * n, p), p);
  }

  private Launch.Builder peepholes(Launch.Builder l, int first) {
    return lstm.peepholes() ? l.in(first + lstm.peepholesAt()) : l;
  }

  private Launch.Builder program(String entry) {
    return steps.program(entry);
  }

  private Launch.Builder define(Launch.Builder l) {
    l.define("ACTIVATION", 0)
        .define("GATE", Squash.number(cell.gate()))
        .define("CANDIDATE", Squash.number(cell.candidate()))
        .define("HIDDEN", Squash.number(cell.hidden()))
        .define("INPUT_FORGET", cell.inputForget() ? 1 : 0)
        .define("I_AT", cell.i())
        .define("F_AT", cell.f())
        .define("G_AT", cell.g())
        .define("O_AT", cell.o());
    if (lstm.peepholes()) {
      l.define("PEEPHOLES", 1);
    }
    return lstm.projection() ? l.define("PROJECTION", 1) : l;
  }
}
