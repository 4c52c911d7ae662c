package dev.gatun.op.sequence.attention;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.Shape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Fast form of [Routing]: counting sorts, a head a block. Each element's place depends on the one
/// before, so they go one by one; within a cluster positions ascend, so what a query sees grows
/// from one to the next and no search is needed.
final class RoutingSimd {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final int SIZE = Long.BYTES;

  // Registers.
  private static final int CLUSTERS = 0;
  private static final int CAUSAL = 1;

  private static final Workers.Body KEYS = (c, phase, block, worker) -> keys(c, block);
  private static final Workers.Body QUERIES = (c, phase, block, worker) -> queries(c, block);

  private RoutingSimd() {}

  /// Whether all clusters lie in `[0, clusters)`.
  static boolean inside(Call c, long clusters) {
    return inside(c.in(0), c.inShape(0).elems(), clusters)
        && inside(c.in(1), c.inShape(1).elems(), clusters);
  }

  private static boolean inside(MemorySegment x, long elems, long clusters) {
    x = Lanes.offHeap(x);
    int n = Math.toIntExact(elems);
    boolean inside = true;
    for (int i = 0; i < n; i++) {
      long cluster = x.get(LONG, (long) i * SIZE);
      inside &= cluster >= 0 && cluster < clusters;
    }
    return inside;
  }

  static void run(Routing op, Call c, Workers w) {
    c.registers()[CLUSTERS] = op.clusters();
    c.registers()[CAUSAL] = op.causal() ? 1 : 0;
    w.run(KEYS, c, 0, Math.toIntExact(c.inShape(1).elems(0, 2)));
    w.run(QUERIES, c, 0, Math.toIntExact(c.inShape(0).elems(0, 2)));
  }

  /// Where the begins of the clusters of a head lie: those of keys, then those of queries.
  private static long begins(Call c, long head) {
    return head * (c.registers()[CLUSTERS] + 1) * SIZE;
  }

  private static void keys(Call c, int head) {
    long n = c.inShape(1).dim(2);
    long begins = begins(c, head);
    count(c.in(1), head * n * SIZE, (int) n, c.scratch(), begins, (int) c.registers()[CLUSTERS]);
    place(c.in(1), head * n * SIZE, (int) n, c.scratch(), begins, c.out(1));
    back(c.scratch(), begins, (int) c.registers()[CLUSTERS]);
  }

  private static void queries(Call c, int head) {
    Shape q = c.inShape(0);
    Shape k = c.inShape(1);
    int n = (int) q.dim(2);
    long at = (long) head * n * SIZE;
    int clusters = (int) c.registers()[CLUSTERS];
    long begins = begins(c, k.elems(0, 2) + head);
    count(c.in(0), at, n, c.scratch(), begins, clusters);
    place(c.in(0), at, n, c.scratch(), begins, c.out(0));
    long keyHead = head / (q.dim(1) / k.dim(1));
    long later = c.registers()[CAUSAL] == 1 ? k.dim(2) - n : Long.MAX_VALUE / 2;
    inverse(c.out(0), at, n, c.out(2));
    runs(c, at, n, begins(c, keyHead), keyHead * k.dim(2) * SIZE, later);
  }

  /// Where each cluster begins.
  private static void count(MemorySegment x, long at, int n, MemorySegment m, long to, int c) {
    x = Lanes.offHeap(x);
    m = Lanes.offHeap(m);
    for (int k = 0; k <= c; k++) {
      m.set(LONG, to + (long) k * SIZE, 0);
    }
    for (int i = 0; i < n; i++) {
      long slot = to + (x.get(LONG, at + (long) i * SIZE) + 1) * SIZE;
      m.set(LONG, slot, m.get(LONG, slot) + 1);
    }
    for (int k = 1; k <= c; k++) {
      long slot = to + (long) k * SIZE;
      m.set(LONG, slot, m.get(LONG, slot) + m.get(LONG, slot - SIZE));
    }
  }

  /// Puts each number at its place; begins become ends.
  private static void place(
      MemorySegment x, long at, int n, MemorySegment m, long begins, MemorySegment y) {
    x = Lanes.offHeap(x);
    m = Lanes.offHeap(m);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      long slot = begins + x.get(LONG, at + (long) i * SIZE) * SIZE;
      long place = m.get(LONG, slot);
      m.set(LONG, slot, place + 1);
      y.set(LONG, at + place * SIZE, i);
    }
  }

  /// Ends become begins again.
  private static void back(MemorySegment m, long begins, int c) {
    for (int k = c; k > 0; k--) {
      m.set(LONG, begins + (long) k * SIZE, m.get(LONG, begins + (k - 1L) * SIZE));
    }
    m.set(LONG, begins, 0);
  }

  private static void inverse(MemorySegment places, long at, int n, MemorySegment y) {
    places = Lanes.offHeap(places);
    y = Lanes.offHeap(y);
    for (int i = 0; i < n; i++) {
      y.set(LONG, at + places.get(LONG, at + (long) i * SIZE) * SIZE, i);
    }
  }

  /// Runs of the queries in their order.
  private static void runs(Call c, long at, int n, long begins, long keysAt, long later) {
    MemorySegment clusters = Lanes.offHeap(c.in(0));
    MemorySegment order = Lanes.offHeap(c.out(0));
    MemorySegment keys = Lanes.offHeap(c.out(1));
    MemorySegment m = Lanes.offHeap(c.scratch());
    MemorySegment y = Lanes.offHeap(c.out(3));
    long last = -1;
    long end = 0;
    for (int i = 0; i < n; i++) {
      long query = order.get(LONG, at + (long) i * SIZE);
      long cluster = clusters.get(LONG, at + query * SIZE);
      long begin = m.get(LONG, begins + cluster * SIZE);
      long most = m.get(LONG, begins + (cluster + 1) * SIZE);
      end = cluster == last ? end : begin;
      last = cluster;
      if (later >= Long.MAX_VALUE / 2) {
        end = most;
      }
      while (end < most && keys.get(LONG, keysAt + end * SIZE) <= query + later) {
        end++;
      }
      long to = 4 * (at + (long) i * SIZE);
      y.set(LONG, to, begin);
      y.set(LONG, to + SIZE, end);
      y.set(LONG, to + 2 * SIZE, end);
      y.set(LONG, to + 3 * SIZE, end);
    }
  }
}
