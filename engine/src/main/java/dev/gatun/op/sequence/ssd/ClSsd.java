package dev.gatun.op.sequence.ssd;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of [Ssd]: a work-item has a vector of columns of one head's state. Three of the
/// gradients are such scans too, with operands in other places: `dx` is one of `dy` by `c` and `b`
/// backward, `dc` one of `b` by `x` and `dy`, with modes as columns, `db` one of `c` by `dy` and
/// `x` backward.
final class ClSsd {
  private static final ClSource SOURCE = ClSource.of(ClSsd.class, "ssd.cl");
  private static final int CHUNK = 64;
  private static final int GPU_GROUP = 16;
  private static final int GPU_LANES = 4;
  private static final int SUM_GROUP = 64;
  private static final int STATE = 1;
  private static final int REVERSE = 2;
  private static final int LAST = 4;

  private final Ssd op;
  private final DeviceInfo d;
  private final DType type;
  private final int first;
  private final long batch;
  private final long steps;
  private final long heads;
  private final long channels;
  private final long groups;
  private final long modes;
  private final int lanes;

  /// Inputs of the scan start at `first`.
  private ClSsd(Ssd op, DeviceInfo d, List<Spec> in, int first) {
    this.op = op;
    this.d = d;
    this.first = first;
    type = in.get(0).dtype();
    Shape x = in.get(first + Ssd.X).shape();
    batch = x.dim(0);
    steps = x.dim(1);
    heads = x.dim(2);
    channels = x.dim(3);
    groups = in.get(first + Ssd.B).shape().dim(2);
    modes = in.get(first + Ssd.B).shape().dim(3);
    lanes = d.gpu() ? GPU_LANES : Math.min(16, d.lanes(type.bytes()));
  }

  static List<Launch> forward(Ssd op, DeviceInfo d, List<Spec> in) {
    ClSsd s = new ClSsd(op, d, in, 0);
    Launch.Builder l = s.program("ssd_scan").in(Ssd.X, Ssd.A, Ssd.B, Ssd.C);
    l.in(op.state() ? Ssd.STATE : Ssd.X).out(0, 1).with(s.work(s.ofScan()));
    long flags = LAST | (op.state() ? STATE : 0);
    return List.of(s.over(l.with(s.size(false, s.heads, s.groups, s.groups, flags)), s.channels));
  }

  static List<Launch> backward(Ssd op, DeviceInfo d, List<Spec> in) {
    return new ClSsd(op, d, in, 2).back();
  }

  private Launch.Builder program(String entry) {
    return Launch.of(SOURCE, entry).computes(type).define("LANES", lanes);
  }

  private long pieces(long columns) {
    return Math.ceilDiv(columns, (long) lanes);
  }

  /// Elements of work memory of a scan, with either side as columns.
  private long ofScan() {
    long most = 0;
    for (long columns : new long[] {channels, modes}) {
      long rows = columns == channels ? modes : channels;
      most = Math.max(most, pieces(columns) * ((rows + 2 * CHUNK) * lanes + CHUNK));
    }
    return batch * heads * most;
  }

  private long ofGates() {
    long chunks = Math.ceilDiv(steps, (long) CHUNK);
    return batch * heads * pieces(channels) * (chunks + CHUNK + 1) * modes * lanes;
  }

  /// Work memory from its start.
  private Launch.Scratch work(long elems) {
    return new Launch.Scratch(0, Math.max(1, elems) * type.bytes(), type.bytes());
  }

  /// Work memory behind what scans use.
  private Launch.Scratch copies(long elems) {
    long from = Launch.roundUp(Math.max(ofScan(), ofGates()) * type.bytes(), 128);
    return new Launch.Scratch(from, Math.max(1, elems) * type.bytes(), type.bytes());
  }

  /// Sizes of a scan; `turned` where modes are columns.
  private Launch.Long16 size(boolean turned, long ofX, long ofB, long ofC, long flags) {
    long columns = turned ? modes : channels;
    long rows = turned ? channels : modes;
    long columnStep = turned ? 1 : modes;
    long rowStep = turned ? modes : 1;
    return new Launch.Long16(
        List.of(
            steps,
            heads,
            columns,
            rows,
            ofX,
            ofB,
            ofC,
            columnStep,
            rowStep,
            pieces(columns),
            flags));
  }

  private Launch over(Launch.Builder l, long columns) {
    return l.over(heads * pieces(columns), batch, d.gpu() ? GPU_GROUP : 1, 1);
  }

  private List<Launch> back() {
    List<Launch> launches = new ArrayList<>();
    int x = first + Ssd.X;
    int a = first + Ssd.A;
    int b = first + Ssd.B;
    int c = first + Ssd.C;
    long some = op.state() ? LAST : 0;
    Launch.Builder l = program("ssd_scan").in(0, a, c, b, 1).out(Ssd.X);
    l.out(op.state() ? Ssd.STATE : Ssd.X).with(work(ofScan()));
    l.with(size(false, heads, groups, groups, STATE | REVERSE | some));
    launches.add(over(l, channels));
    int start = op.state() ? first + Ssd.STATE : x;
    launches.addAll(ofModes(new int[] {b, a, x, 0, start}, Ssd.C, op.state() ? STATE : 0));
    launches.addAll(ofModes(new int[] {c, a, 0, x, 1}, Ssd.B, STATE | REVERSE));
    long copies = pieces(channels) * batch * steps * heads;
    l = program("ssd_gates").in(0, 1, x, a, b, c, start).with(copies(copies)).with(work(ofGates()));
    l.with(size(false, heads, groups, groups, op.state() ? STATE : 0));
    launches.add(over(l, channels));
    long elems = batch * steps * heads;
    launches.add(sum(Ssd.A, copies, elems, pieces(channels), elems, Math.max(1, elems)));
    return launches;
  }

  /// A gradient of `b` or `c`: a scan for each head, then their sums over heads of a group.
  private List<Launch> ofModes(int[] in, int out, long flags) {
    Launch.Scratch copies = copies(batch * steps * heads * modes);
    Launch.Builder l = program("ssd_scan").in(in);
    if (heads == groups) {
      l.out(out);
    } else {
      l.with(copies);
    }
    l.out(out).with(work(ofScan()));
    Launch scan = over(l.with(size(true, groups, heads, heads, flags)), modes);
    if (heads == groups) {
      return List.of(scan);
    }
    long elems = batch * steps * groups * modes;
    long each = heads / groups;
    long run = Math.max(1, modes);
    return List.of(scan, sum(out, batch * steps * heads * modes, elems, each, modes, run));
  }

  private Launch sum(int out, long from, long elems, long copies, long step, long run) {
    return program("ssd_sum")
        .with(copies(from))
        .out(out)
        .longs(elems, copies, step, run)
        .over(elems, d.gpu() ? SUM_GROUP : 1);
  }
}
