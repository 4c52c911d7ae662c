package dev.gatun.op.sequence.rnn;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [Lstm] and its gradient, a few for each step.
final class ClLstm {
  private static final ClSource SOURCE = ClSource.of(ClLstm.class, "rnn.cl", "lstm.cl");
  private static final int GPU_GROUP = 64;
  private static final int CPU_GROUP = 8;

  private final Unrolled op;
  private final Lstm lstm;
  private final LstmCell cell;
  private final DeviceInfo d;
  private final List<Spec> in;
  private final DType type;
  private final long steps;
  private final long batch;
  private final long n;
  private final long p;
  private final List<Launch> all = new ArrayList<>();

  private ClLstm(Unrolled op, Lstm lstm, DeviceInfo d, List<Spec> in) {
    this.op = op;
    this.lstm = lstm;
    this.cell = lstm.cell();
    this.d = d;
    this.in = in;
    Spec x = in.get(op.first() + Unrolled.X);
    type = x.dtype();
    steps = x.shape().dim(0);
    batch = x.shape().dim(1);
    n = x.shape().dim(2) / 4;
    p = in.get(op.first() + Unrolled.H0).shape().dim(1);
  }

  static List<Launch> forward(Lstm op, DeviceInfo d, List<Spec> in) {
    ClLstm c = new ClLstm(op, op, d, in);
    c.start(Unrolled.H0, 1, c.p);
    c.start(Lstm.C0, 2, c.n);
    for (long s = 0; s < c.steps; s++) {
      c.step(op.reverse() ? c.steps - 1 - s : s);
    }
    return c.all;
  }

  private void step(long t) {
    Launch.Builder dots = program("dots").in(Unrolled.R).out(1, 3);
    over(dots.longs(t, 0, batch, 4 * n, 0, 4 * n, p), 4 * n);
    Launch.Builder close = program("lstm_close").in(Unrolled.X).out(3, 2, 4);
    if (lstm.projection()) {
      close.scratch(batch * n * type.bytes()).out(0);
    } else {
      close.out(0, 1);
    }
    over(peepholes(close.longs(t, batch, n).real(type, cell.clip()), 0), n);
    if (lstm.projection()) {
      Launch.Builder project = program("dots").in(lstm.projectionAt());
      project.scratch(batch * n * type.bytes()).out(0).longs(t, 0, batch, p, 0, p, n);
      over(project, p);
      over(program("lstm_state").out(0, 1).longs(t, batch, p), p);
    }
  }

  static List<Launch> back(LstmGrad op, DeviceInfo d, List<Spec> in) {
    ClLstm c = new ClLstm(op, op.forward(), d, in);
    c.start(1, 1, c.p);
    c.start(2, 2, c.n);
    for (long s = c.steps - 1; s >= 0; s--) {
      c.back(op, op.reverse() ? c.steps - 1 - s : s);
    }
    return c.all;
  }

  private void back(LstmGrad grad, long t) {
    int first = grad.first();
    long bytes = batch * n * type.bytes();
    Launch.Builder state = program("lstm_state_back").in(grad.y(), first + Unrolled.H0, 0).out(1);
    if (lstm.projection()) {
      over(state.out(grad.states(), 3).longs(t * batch, t, batch, p, steps), p);
      Launch.Builder dm = program("dots_back").in(first + lstm.projectionAt()).out(grad.states());
      over(dm.scratch(bytes).longs(t, 0, 0, batch, p, 0, p, n), n);
    } else {
      over(state.scratch(bytes).out(3).longs(0, t, batch, p, steps), p);
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
    over(peepholes(back.longs(t, batch, n, steps).real(type, cell.clip()), first), n);
    Launch.Builder dots = program("dots_back").in(first + Unrolled.R).out(0, 1);
    over(dots.longs(t, 0, 2, batch, 4 * n, 0, 4 * n, p), p);
  }

  private void start(int from, int to, long width) {
    long count = batch * width;
    all.add(define("start").in(from).out(to).longs(count).over(count, group()));
  }

  private Launch.Builder peepholes(Launch.Builder l, int first) {
    return lstm.peepholes() ? l.in(first + lstm.peepholesAt()) : l;
  }

  private void over(Launch.Builder l, long columns) {
    all.add(l.over(columns, batch, group(), 1));
  }

  private long group() {
    return d.gpu() ? GPU_GROUP : CPU_GROUP;
  }

  private Launch.Builder program(String entry) {
    Launch.Builder l = define(entry);
    return op.lengths() ? l.in(op.first() + op.lengthsAt()) : l;
  }

  private Launch.Builder define(String entry) {
    Launch.Builder l =
        Launch.of(SOURCE, entry)
            .computes(type)
            .define("LANES", d.lanes(type.bytes()))
            .define("ACTIVATION", 0)
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
    if (lstm.projection()) {
      l.define("PROJECTION", 1);
    }
    if (op.lengths()) {
      l.define("LENGTHS", Launch.name(in.get(op.first() + op.lengthsAt()).dtype()));
    }
    return op.reverse() ? l.define("REVERSE", 1) : l;
  }
}
