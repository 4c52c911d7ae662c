package dev.gatun.tensor;

import dev.gatun.device.Buffer;
import dev.gatun.op.Kernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Takes down which kernels run in the scopes it watches, on which memory, and what would make a
/// repetition give other results than the work itself.
///
/// A buffer goes back to the device's pool and comes out of it for something else, so what it
/// stands for changes: each time it is handed out, a new region begins. What the host writes is a
/// constant, of which a copy is kept.
final class Recorder {
  /// More calls than that are a loop that is better run than unrolled.
  private static final int CALLS = 4096;

  private static final long CONSTANT_BYTES = 1L << 22;

  private final Scope constants;
  private final List<Recording.Call> calls = new ArrayList<>();
  private final List<Recording.Region> regions = new ArrayList<>();
  private final BitSet written = new BitSet();
  private final IdentityHashMap<Buffer, Integer> current = new IdentityHashMap<>();
  private final IdentityHashMap<Buffer, Tensor> kept = new IdentityHashMap<>();
  private long keptBytes;
  private @Nullable String refusal;

  /// @param constants where copies of what the host wrote are kept; not watched
  Recorder(Scope constants) {
    this.constants = constants;
  }

  Optional<String> refusal() {
    return Optional.ofNullable(refusal);
  }

  List<Recording.Call> calls() {
    return calls;
  }

  List<Recording.Region> regions() {
    return regions;
  }

  /// Something happened that no repetition would do again.
  void refuse(String why) {
    if (refusal == null) {
      refusal = why;
    }
  }

  void allocated(Buffer b, long bytes) {
    kept.remove(b);
    current.put(b, regions.size());
    regions.add(new Recording.Region(bytes, calls.size(), calls.size()));
  }

  /// The host filled all of `t`, which was just allocated.
  void wrote(Tensor t) {
    keptBytes += t.spec().bytes();
    if (keptBytes > CONSTANT_BYTES) {
      refuse("the host writes more than %d bytes".formatted(CONSTANT_BYTES));
      return;
    }
    Tensor copy = constants.allocate(t.spec());
    Dispatch.copy(t, copy);
    current.remove(t.buffer());
    kept.put(t.buffer(), copy);
  }

  void ran(Kernel op, List<Tensor> in, List<Tensor> out) {
    if (calls.size() >= CALLS) {
      refuse("it calls more than %d kernels".formatted(CALLS));
    }
    List<Recording.Operand> from = in.stream().map(this::operand).toList();
    List<Recording.Operand> to = out.stream().map(this::operand).toList();
    for (Recording.Operand o : from) {
      if (o.region() >= 0 && !written.get(o.region()) && o.tensor().spec().bytes() > 0) {
        refuse("memory is filled by other means than an op");
      }
    }
    to.forEach(this::isWritten);
    if (refusal == null) {
      calls.add(new Recording.Call(op, from, to));
    }
  }

  void isWritten(Recording.Operand o) {
    if (o.region() >= 0) {
      written.set(o.region());
    }
  }

  /// `t` as a place in the memory of a repetition, whose use is noted, or as it is.
  Recording.Operand operand(Tensor t) {
    Integer region = current.get(t.buffer());
    if (region == null) {
      Tensor constant = kept.get(t.buffer());
      return new Recording.Operand(
          constant == null ? t.home() : constant.place(t.spec(), t.layout()), -1);
    }
    regions.set(region, regions.get(region).until(calls.size()));
    return new Recording.Operand(t.home(), region);
  }

  /// Places for `regions` such that those in use at a time do not overlap: the largest first, each
  /// at the lowest place that is free for as long as it is used (Pisarchyk and Lee, arXiv
  /// 2001.03288, section 5.2). The last number is the size of it all.
  static long[] offsets(List<Recording.Region> regions) {
    long[] at = new long[regions.size() + 1];
    Integer[] bySize = new Integer[regions.size()];
    Arrays.setAll(bySize, i -> i);
    Arrays.sort(bySize, (a, b) -> Long.compare(regions.get(b).bytes(), regions.get(a).bytes()));
    List<Integer> placed = new ArrayList<>();
    for (int i : bySize) {
      Recording.Region r = regions.get(i);
      long place = 0;
      // `placed` is in the order of places.
      for (int j : placed) {
        Recording.Region other = regions.get(j);
        if (other.overlaps(r)) {
          if (at[j] - place >= r.padded()) {
            break;
          }
          place = Math.max(place, at[j] + other.padded());
        }
      }
      at[i] = place;
      int k = 0;
      while (k < placed.size() && at[placed.get(k)] <= place) {
        k++;
      }
      placed.add(k, i);
      at[regions.size()] = Math.max(at[regions.size()], place + r.padded());
    }
    return at;
  }
}
