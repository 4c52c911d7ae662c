package dev.gatun.op.sequence.rnn;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;

/// The launches of a recurrent layer, a few for each step: what all cells have.
final class ClSteps {
  private static final int GPU_GROUP = 64;
  private static final int CPU_GROUP = 8;

  private final ClSource source;
  private final Unrolled op;
  private final DeviceInfo d;
  private final List<Spec> in;
  private final UnaryOperator<Launch.Builder> cell;
  private final List<Launch> all = new ArrayList<>();
  private final Spec x;

  /// @param cell adds what the cell defines
  ClSteps(
      ClSource source,
      Unrolled op,
      DeviceInfo d,
      List<Spec> in,
      UnaryOperator<Launch.Builder> cell) {
    this.source = source;
    this.op = op;
    this.d = d;
    this.in = in;
    this.cell = cell;
    x = in.get(op.first() + Unrolled.X);
  }

  DType type() {
    return x.dtype();
  }

  /// Hidden units.
  long units() {
    return x.shape().dim(2) / op.cell().gates();
  }

  long batch() {
    return x.shape().dim(1);
  }

  long steps() {
    return x.shape().dim(0);
  }

  /// The time of step `s`.
  long time(long s) {
    return op.reverse() ? steps() - 1 - s : s;
  }

  List<Launch> launches() {
    return all;
  }

  /// Copies an initial state of `width` columns from input `from` to output `to`.
  void start(int from, int to, long width) {
    long count = batch() * width;
    all.add(define("start").in(from).out(to).longs(count).over(count, group()));
  }

  /// Ends a launch over the columns of all rows.
  void over(Launch.Builder l, long columns) {
    all.add(l.over(columns, batch(), group(), 1));
  }

  private long group() {
    return d.gpu() ? GPU_GROUP : CPU_GROUP;
  }

  /// A launch that begins with the lengths, where there are.
  Launch.Builder program(String entry) {
    Launch.Builder l = define(entry);
    return op.lengths() ? l.in(op.first() + op.lengthsAt()) : l;
  }

  private Launch.Builder define(String entry) {
    Launch.Builder l = Launch.of(source, entry).computes(type());
    l = cell.apply(l.define("LANES", d.lanes(type().bytes())));
    if (op.lengths()) {
      l.define("LENGTHS", Launch.name(in.get(op.first() + op.lengthsAt()).dtype()));
    }
    return op.reverse() ? l.define("REVERSE", 1) : l;
  }
}
