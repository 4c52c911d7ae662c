package dev.gatun.op.sequence.rnn;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [Gru] and its gradient, a few for each step.
final class ClGru {
  private static final ClSource SOURCE = ClSource.of(ClGru.class, "rnn.cl", "gru.cl");
  private static final int GPU_GROUP = 64;
  private static final int CPU_GROUP = 8;

  private final Unrolled op;
  private final GruCell cell;
  private final DeviceInfo d;
  private final List<Spec> in;
  private final DType type;
  private final long steps;
  private final long batch;
  private final long n;
  private final List<Launch> all = new ArrayList<>();

  private ClGru(Unrolled op, GruCell cell, DeviceInfo d, List<Spec> in) {
    this.op = op;
    this.cell = cell;
    this.d = d;
    this.in = in;
    Spec x = in.get(op.first() + Unrolled.X);
    type = x.dtype();
    steps = x.shape().dim(0);
    batch = x.shape().dim(1);
    n = x.shape().dim(2) / 3;
  }

  static List<Launch> forward(Gru op, DeviceInfo d, List<Spec> in) {
    ClGru c = new ClGru(op, op.cell(), d, in);
    c.start(Unrolled.H0);
    for (long s = 0; s < c.steps; s++) {
      c.step(op, op.reverse() ? c.steps - 1 - s : s);
    }
    return c.all;
  }

  private void step(Gru gru, long t) {
    boolean linear = cell.linearBeforeReset();
    long count = linear ? 3 * n : 2 * n;
    Launch.Builder state = program("dots").in(Unrolled.R).out(1, 2);
    over(state.longs(t, 0, batch, 3 * n, 0, count, n), count);
    if (!linear) {
      over(real(program("gru_reset").in(Unrolled.X).out(2, 1, 0).longs(t, batch, n)), n);
      Launch.Builder dots = program("dots").in(Unrolled.R).out(0, 2);
      over(dots.longs(t, t * batch, batch, 3 * n, 2 * n, n, n), n);
    }
    Launch.Builder close = program("gru_close");
    real(close.in(Unrolled.X).out(2, 1, 0).longs(t, batch, n));
    if (gru.bias()) {
      close.define("BIAS", 1).in(Gru.BIAS);
    }
    over(close, n);
  }

  static List<Launch> back(GruGrad op, DeviceInfo d, List<Spec> in) {
    ClGru c = new ClGru(op, op.cell(), d, in);
    c.start(1);
    for (long s = c.steps - 1; s >= 0; s--) {
      c.back(op, op.reverse() ? c.steps - 1 - s : s);
    }
    return c.all;
  }

  private void back(GruGrad grad, long t) {
    int x = grad.first() + Unrolled.X;
    int r = grad.first() + Unrolled.R;
    int h0 = grad.first() + Unrolled.H0;
    int u = grad.y() + 1;
    Launch.Builder close = program("gru_back").in(x, u, grad.y(), h0, 0).out(1, 0, 2, 3);
    over(real(close.longs(t, batch, n, steps)), n);
    if (cell.linearBeforeReset()) {
      over(program("dots_back").in(r).out(3, 1).longs(t, 0, 1, batch, 3 * n, 0, 3 * n, n), n);
      return;
    }
    Launch.Builder reset = program("dots_back").in(r).out(0, 3);
    over(reset.longs(t, t * batch, 0, batch, 3 * n, 2 * n, n, n), n);
    over(real(program("gru_back_reset").in(x, u).out(1, 0, 2, 3).longs(t, batch, n)), n);
    over(program("dots_back").in(r).out(0, 1).longs(t, 0, 1, batch, 3 * n, 0, 2 * n, n), n);
  }

  private void start(int from) {
    long count = batch * n;
    Launch.Builder l = define("start").in(from).out(1).longs(count);
    all.add(l.over(count, group()));
  }

  private Launch.Builder real(Launch.Builder l) {
    return l.real(type, cell.clip());
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
    Launch.Builder l = Launch.of(SOURCE, entry).computes(type);
    l.define("LANES", d.lanes(type.bytes())).define("ACTIVATION", 0);
    l.define("GATE", Squash.number(cell.gate()));
    l.define("CANDIDATE", Squash.number(cell.candidate()));
    l.define("R_AT", cell.r()).define("Z_AT", cell.z());
    if (cell.linearBeforeReset()) {
      l.define("LINEAR", 1);
    }
    if (op.lengths()) {
      l.define("LENGTHS", Launch.name(in.get(op.first() + op.lengthsAt()).dtype()));
    }
    return op.reverse() ? l.define("REVERSE", 1) : l;
  }
}
