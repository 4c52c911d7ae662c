package dev.gatun.op.sequence.scan;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [SelectiveScan]: a work-item has a vector of channels of one row of the
/// batch. In the gradient each leaves copies of what others add to as well, which a launch for each
/// result sums in order.
final class ClSelectiveScan {
  private static final ClSource SOURCE = ClSource.of(ClSelectiveScan.class, "selective.cl");
  private static final int GPU_GROUP = 16;
  private static final int GPU_LANES = 4;

  private final SelectiveScan op;
  private final DeviceInfo d;
  private final List<Spec> in;
  private final int first;
  private final DType type;
  private final Shape u;
  private final long rows;
  private final long groups;
  private final int lanes;
  private final long pieces;

  /// Inputs of the scan start at `first`.
  private ClSelectiveScan(SelectiveScan op, DeviceInfo d, List<Spec> in, int first) {
    this.op = op;
    this.d = d;
    this.in = in;
    this.first = first;
    type = in.get(0).dtype();
    u = in.get(first).shape();
    rows = in.get(first + SelectiveScan.A).shape().dim(0);
    groups =
        Math.max(
            SelectiveScan.groups(in.get(first + SelectiveScan.B)),
            SelectiveScan.groups(in.get(first + SelectiveScan.C)));
    lanes = d.gpu() ? GPU_LANES : Math.min(16, d.lanes(type.bytes()));
    pieces = Math.ceilDiv(u.dim(2) / groups, (long) lanes);
  }

  static List<Launch> forward(SelectiveScan op, DeviceInfo d, List<Spec> in) {
    ClSelectiveScan s = new ClSelectiveScan(op, d, in, 0);
    Launch.Builder l = s.program("selective");
    s.inputs(l);
    l.out(0, 1, 2).with(s.work(s.items() * s.rows * s.lanes)).with(s.size());
    return List.of(s.over(l));
  }

  static List<Launch> backward(SelectiveScan op, DeviceInfo d, List<Spec> in) {
    return new ClSelectiveScan(op, d, in, 2).back();
  }

  private Launch.Builder program(String entry) {
    return Launch.of(SOURCE, entry).computes(type).define("LANES", lanes);
  }

  private long items() {
    return u.dim(0) * groups * pieces;
  }

  private Launch.Scratch work(long elems) {
    return new Launch.Scratch(0, Math.max(1, elems) * type.bytes(), type.bytes());
  }

  private Launch over(Launch.Builder l) {
    return l.over(groups * pieces, u.dim(0), d.gpu() ? GPU_GROUP : 1, 1);
  }

  private boolean variable(int i) {
    return in.get(first + i).shape().rank() == 4;
  }

  /// Inputs of the scan; for one that is not there `u`.
  private void inputs(Launch.Builder l) {
    l.in(first, first + 1, first + 2, first + 3, first + 4);
    l.in(op.skip() ? first + op.skipAt() : first);
    l.in(op.gate() ? first + op.gateAt() : first);
    l.in(op.bias() ? first + op.biasAt() : first);
    l.in(op.state() ? first + op.stateAt() : first);
  }

  private Launch.Long16 size() {
    long flags = op.complex() ? 1 : 0;
    flags |= op.softplus() ? 2 : 0;
    flags |= op.skip() ? 4 : 0;
    flags |= op.gate() ? 8 : 0;
    flags |= op.bias() ? 16 : 0;
    flags |= op.state() ? 32 : 0;
    flags |= variable(SelectiveScan.B) ? 64 : 0;
    flags |= variable(SelectiveScan.C) ? 128 : 0;
    long starts = Math.max(0, Math.ceilDiv(u.dim(1), (long) SelectiveScan.CHUNK) - 1);
    return new Launch.Long16(List.of(u.dim(1), u.dim(2), rows, groups, pieces, starts, flags));
  }

  private List<Launch> back() {
    List<Integer> summed = new ArrayList<>(List.of(SelectiveScan.A, SelectiveScan.B));
    summed.add(SelectiveScan.C);
    summed.add(op.skip() ? op.skipAt() : -1);
    summed.add(op.bias() ? op.biasAt() : -1);
    long end = items() * (SelectiveScan.CHUNK + 5) * rows * lanes;
    List<Long> places = new ArrayList<>();
    for (int i : summed) {
      places.add(end);
      end += i < 0 ? 0 : copies(i) * elems(i);
    }
    Launch.Builder l = program("selective_back").in(0, 1);
    inputs(l);
    l.in(in.size() - 1).out(SelectiveScan.U, SelectiveScan.DELTA);
    l.out(op.gate() ? op.gateAt() : 0).out(op.state() ? op.stateAt() : 0);
    l.with(work(end)).with(size()).with(new Launch.Long16(places));
    List<Launch> launches = new ArrayList<>(List.of(over(l)));
    for (int k = 0; k < summed.size(); k++) {
      int i = summed.get(k);
      if (i >= 0) {
        launches.add(
            program("add_copies")
                .with(work(end))
                .out(i)
                .longs(places.get(k), elems(i), copies(i))
                .over(elems(i), d.gpu() ? 64 : 1));
      }
    }
    return launches;
  }

  private long elems(int i) {
    return in.get(first + i).shape().elems();
  }

  private long copies(int i) {
    return variable(i) ? pieces : u.dim(0);
  }
}
