package dev.gatun.op.shape;

import dev.gatun.device.DeviceInfo;
import dev.gatun.op.ClSource;
import dev.gatun.op.Launch;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Shape;
import dev.gatun.tensor.Spec;
import java.util.ArrayList;
import java.util.List;

/// OpenCL launches of sorts: blocks by insertion, then rounds of merges, and of searches.
final class ClSort {
  private static final ClSource SOURCE = ClSource.of(ClSort.class, "sort.cl");
  private static final int GPU_GROUP = 64;

  /// Elements that insertion sorts faster than merges do.
  private static final long BLOCK = 16;

  private static final long CPU_CHUNK = 2048;
  private static final long GPU_CHUNK = 16;

  private ClSort() {}

  static List<Launch> sort(Ordered op, DeviceInfo d, Spec x) {
    Shape s = x.shape();
    long n = s.dim(op.axis());
    long inner = s.elems(op.axis() + 1, s.rank());
    long runs = s.elems(0, op.axis()) * inner;
    if (n == 0 || runs == 0) {
      return List.of();
    }
    long blocks = Math.ceilDiv(n, BLOCK);
    List<Launch> all = new ArrayList<>();
    all.add(
        keys(program("blocks", x.dtype()).in(0), s.elems(), true)
            .longs(runs, n, inner, BLOCK, blocks, op.descending() ? -1 : 0)
            .over(blocks, runs, group(d), 1));
    boolean first = true;
    long chunk = d.gpu() ? GPU_CHUNK : CPU_CHUNK;
    long chunks = Math.ceilDiv(n, chunk);
    for (long width = BLOCK; width < n; width *= 2) {
      all.add(
          both(program("merge", x.dtype()), s.elems(), first)
              .longs(n, width, chunk, chunks)
              .over(chunks, runs, group(d), 1));
      first = !first;
    }
    long taken = op.taken(n);
    all.add(
        keys(program("take", x.dtype()).in(0), s.elems(), first)
            .out(0, 1)
            .longs(n, inner, taken)
            .over(taken, runs, d.gpu() ? GPU_GROUP : 1, 1));
    return all;
  }

  /// Keys and places of all elements, the first or the second of the two sets.
  private static Launch.Builder keys(Launch.Builder l, long n, boolean first) {
    long keys = Launch.roundUp(n * Long.BYTES, 128);
    long set = keys + Launch.roundUp(n * Integer.BYTES, 128);
    long from = first ? 0 : set;
    return l.with(new Launch.Scratch(from, keys))
        .with(new Launch.Scratch(from + keys, n * Integer.BYTES));
  }

  private static Launch.Builder both(Launch.Builder l, long n, boolean fromFirst) {
    return keys(keys(l, n, fromFirst), n, !fromFirst);
  }

  static List<Launch> search(SearchSorted op, DeviceInfo d, List<Spec> in) {
    long n = in.get(0).shape().elems();
    long count = in.get(1).shape().elems();
    return List.of(
        program("search", in.get(0).dtype())
            .in(0, 1)
            .out(0)
            .longs(n, count, op.right() ? 1 : 0)
            .over(count, GPU_GROUP));
  }

  private static Launch.Builder program(String entry, DType t) {
    return Launch.of(SOURCE, entry).computes(t).define("E", Launch.name(t));
  }

  private static long group(DeviceInfo d) {
    return d.gpu() ? GPU_GROUP : 1;
  }
}
