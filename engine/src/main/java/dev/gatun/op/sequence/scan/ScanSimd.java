package dev.gatun.op.sequence.scan;

import static dev.gatun.op.sequence.scan.ScanLayout.INNER;
import static dev.gatun.op.sequence.scan.ScanLayout.OUTERS;
import static dev.gatun.op.sequence.scan.ScanLayout.T;

import dev.gatun.cpu.simd.Lanes;
import dev.gatun.device.Workers;
import dev.gatun.op.Call;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Spec;

/// Vector form of [Scan] and of its gradient: strips of channels, walked step by step
/// ([StripSimd]), whole or in chunks of time.
///
/// Where there are more threads than strips and many steps, each thread takes a run of steps and
/// guesses the state before it, from nothing some thousand steps earlier. Where gates fade, that is
/// the same to the last bit; where it was not, the run is walked once more from what the one before
/// ends with. Results are those of the whole walk to the last bit.
///
/// Chunks: what each makes of the state before it; the states before each, from first to last; each
/// from its state. With one thread the three follow each other chunk by chunk, while it is in
/// cache; the arithmetic is the same. What a chunk makes of a state may not be finite where its
/// steps are, or the other way round: such chunks are walked once more at the end, so that results
/// are NaN and infinite where the steps are.
///
/// Work memory, in elements of the call's type: for each worker a strip of states and a row of them
/// that nobody reads; then, for each strip and chunk, what it makes of a state, the state before it
/// and the state after it.
final class ScanSimd {
  /// Channels of a strip.
  private static final int WIDTH_MOST = 256;

  /// Elements of a chunk: gates and states, 8 bytes each in F32, stay in the second-level cache
  /// between the first and the third phase.
  private static final long CHUNK_ELEMS = 16_384;

  // Registers, behind those of the layout.
  static final int REVERSE = 12;
  static final int EXCLUSIVE = 13;
  static final int COMPLEX = 14;
  static final int SIZE = 15;
  static final int WIDTH = 16;
  static final int STRIPS = 17;

  /// Elements of a part of a strip of states.
  static final int SLOT = 18;

  static final int CHUNK = 19;
  static final int CHUNKS = 20;

  /// 1 for the gradient.
  static final int GRAD = 21;

  /// Number of the input that the walk starts from, or -1.
  static final int INIT = 22;

  /// Number of the input that is the state before the first step, or -1.
  static final int BEFORE = 23;

  /// First of the chunks' elements in work memory.
  private static final int SHARE = 24;

  /// Numbers of a gate.
  static final int GATES = 25;

  /// 1 where chunks start from guesses: any that is not what the chunk before it ends with counts
  /// as wrong.
  static final int GUESSED = 26;

  /// Areas of a worker, of the size of a strip of states.
  private static final int AREAS = 4;

  private static final Workers.Body WALK = ScanSimd::whole;
  private static final Workers.Body FOLD = ScanSimd::fold;
  private static final Workers.Body GUESS = ScanSimd::guess;
  private static final Workers.Body STARTS = ScanSimd::starts;
  private static final Workers.Body CHUNKWISE = ScanSimd::chunk;
  private static final Workers.Body REPAIR = ScanSimd::repair;
  private static final Workers.Body ALL = ScanSimd::all;

  private ScanSimd() {}

  /// Elements of a part of a strip of states: the last strip may have almost a vector more than the
  /// others, and a vector of channels lies there twice; 16 lanes each.
  private static long slot(long inner) {
    return Math.min(inner, WIDTH_MOST + 16) + 16;
  }

  static long scratch(Combiner combiner, Mode mode, int axis, Spec a, Spec b, int workers) {
    long[] r = ScanLayout.of(combiner, axis, a.shape(), b.shape());
    long slot = slot(r[INNER]);
    long size = combiner.size();
    long elems = AREAS * size * slot * workers;
    long chunks = Math.max(chunks(mode, r), guesses(combiner, mode, r, 1, workers));
    if (chunks > 1) {
      // Strips are no narrower than two vectors, however many workers there are.
      int lanes = b.dtype() == DType.F32 ? Lanes.F32.length() : Lanes.F64.length();
      long strips = Math.ceilDiv(r[INNER], 2L * lanes);
      elems += r[OUTERS] * strips * chunks * (combiner.gates() + 3 * size) * slot;
    }
    return elems * b.dtype().bytes();
  }

  /// Chunks of time that every number of threads has.
  private static long chunks(Mode mode, long[] r) {
    return mode == Mode.CHUNKED && r[T] > 1 ? Math.ceilDiv(r[T], chunk(r)) : 1;
  }

  /// Chunks of time that start from guesses.
  private static long guesses(Combiner combiner, Mode mode, long[] r, long runs, int workers) {
    if (mode != Mode.AUTO || combiner.axes() > 0 || runs == 0) {
      return 1;
    }
    return Math.max(1, Math.min(workers / runs, r[T] / ScanCost.LEAST));
  }

  private static long chunk(long[] r) {
    return Math.clamp(CHUNK_ELEMS / Math.max(1, r[INNER]), 64L, 8_192L);
  }

  static void forward(Scan op, Call c, Workers w) {
    long[] r = c.registers();
    int n = op.combiner().tensors();
    r[GRAD] = 0;
    r[REVERSE] = op.reverse() ? 1 : 0;
    r[INIT] = c.inputs() > 2 * n ? 2L * n : -1;
    run(op, c, w);
  }

  static void backward(Scan.Grad op, Call c, Workers w) {
    long[] r = c.registers();
    int n = op.of().combiner().tensors();
    r[GRAD] = 1;
    r[REVERSE] = op.of().reverse() ? 0 : 1;
    r[INIT] = op.last() ? 3L * n : -1;
    r[BEFORE] = op.initial() ? (op.last() ? 4L : 3L) * n : -1;
    run(op.of(), c, w);
  }

  private static void run(Scan op, Call c, Workers w) {
    long[] r = c.registers();
    int n = op.combiner().tensors();
    ScanLayout.fill(r, op.combiner(), op.axis(), c.inShape(0), c.inShape(n));
    if (r[OUTERS] * r[INNER] == 0) {
      return;
    }
    r[EXCLUSIVE] = op.exclusive() ? 1 : 0;
    r[COMPLEX] = n - 1L;
    r[SIZE] = op.combiner().size();
    r[GATES] = op.combiner().gates();
    int lanes = c.dtype() == DType.F32 ? Lanes.F32.length() : Lanes.F64.length();
    r[WIDTH] = Math.min(r[INNER], WIDTH_MOST);
    // Narrower strips share the channels among more workers: a channel has the same bits in each.
    while (r[WIDTH] >= 4L * lanes && r[OUTERS] * strips(r, lanes) < w.count()) {
      r[WIDTH] = (r[WIDTH] / 2 + lanes - 1) / lanes * lanes;
    }
    r[STRIPS] = strips(r, lanes);
    r[SLOT] = slot(r[INNER]);
    r[CHUNKS] = chunks(op.mode(), r);
    r[GUESSED] = 0;
    r[CHUNK] = r[CHUNKS] == 1 ? r[T] : chunk(r);
    r[SHARE] = AREAS * r[SIZE] * r[SLOT] * w.count();
    int runs = Math.toIntExact(r[OUTERS] * r[STRIPS]);
    long guesses = guesses(op.combiner(), op.mode(), r, runs, w.count());
    if (guesses > 1) {
      guessed(c, w, runs, guesses);
    } else if (r[CHUNKS] == 1) {
      w.run(WALK, c, 0, runs);
    } else if (w.count() == 1) {
      w.run(ALL, c, 0, runs);
    } else {
      int blocks = Math.toIntExact(runs * r[CHUNKS]);
      w.run(FOLD, c, 0, blocks);
      w.run(STARTS, c, 0, runs);
      w.run(CHUNKWISE, c, 0, blocks);
      w.run(REPAIR, c, 0, runs);
    }
  }

  /// Chunks from guesses, where these may be right, else whole runs.
  private static void guessed(Call c, Workers w, int runs, long guesses) {
    long[] r = c.registers();
    r[GUESSED] = 1;
    r[CHUNK] = Math.ceilDiv(Math.ceilDiv(r[T], guesses), ScanCost.WARM_UP) * ScanCost.WARM_UP;
    r[CHUNKS] = Math.ceilDiv(r[T] - r[GRAD], r[CHUNK]);
    int blocks = Math.toIntExact(runs * r[CHUNKS]);
    w.run(GUESS, c, 0, blocks);
    boolean fades = true;
    for (int i = 0; i < blocks && fades; i++) {
      fades = i % r[CHUNKS] == 0 || StripSimd.fades(c, i / r[CHUNKS], share(r, i));
    }
    if (fades) {
      w.run(CHUNKWISE, c, 0, blocks);
      w.run(REPAIR, c, 0, runs);
    } else {
      w.run(WALK, c, 0, runs);
    }
  }

  private static void guess(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    long run = block / r[CHUNKS];
    long from = from(r, block);
    if (from == 0) {
      StripSimd.load(c, run, before(r, block));
      return;
    }
    long share = share(r, block);
    StripSimd.fold(c, run, from - ScanCost.WARM_UP, from, share, spare(r, worker));
    StripSimd.copy(c, share + r[GATES] * r[SLOT], before(r, block));
  }

  /// Channels that do not fill a vector belong to the strip before them.
  private static long strips(long[] r, int lanes) {
    return r[INNER] / r[WIDTH] + (r[INNER] % r[WIDTH] < lanes ? 0 : 1);
  }

  /// First element of a worker's states.
  private static long states(long[] r, int worker) {
    return AREAS * r[SIZE] * r[SLOT] * worker;
  }

  /// First element of a worker's other areas: a row nobody reads, room for states, zeros.
  private static long spare(long[] r, int worker) {
    return states(r, worker) + r[SIZE] * r[SLOT];
  }

  private static void whole(Call c, long phase, int run, int worker) {
    long[] r = c.registers();
    long at = states(r, worker);
    StripSimd.load(c, run, at);
    StripSimd.walk(c, run, 0, r[T], at, spare(r, worker));
    StripSimd.finish(c, run, at);
  }

  /// Elements of a chunk's share: parts of what it does, then of the states around it.
  private static long share(long[] r, long block) {
    return r[SHARE] + block * (r[GATES] + 3 * r[SIZE]) * r[SLOT];
  }

  /// First step of a chunk, for the gradient one later, as the pieces of a walk are.
  private static long from(long[] r, long block) {
    long i = block % r[CHUNKS];
    return i == 0 ? 0 : i * r[CHUNK] + r[GRAD];
  }

  private static long to(long[] r, long block) {
    boolean last = block % r[CHUNKS] == r[CHUNKS] - 1;
    return last ? r[T] : (block % r[CHUNKS] + 1) * r[CHUNK] + r[GRAD];
  }

  private static long before(long[] r, long block) {
    return share(r, block) + (r[GATES] + r[SIZE]) * r[SLOT];
  }

  private static long after(long[] r, long block) {
    return share(r, block) + (r[GATES] + 2 * r[SIZE]) * r[SLOT];
  }

  private static void fold(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    StripSimd.fold(
        c, block / r[CHUNKS], from(r, block), to(r, block), share(r, block), spare(r, worker));
  }

  private static void starts(Call c, long phase, int run, int worker) {
    long[] r = c.registers();
    long first = run * r[CHUNKS];
    StripSimd.load(c, run, before(r, first));
    for (long i = 1; i < r[CHUNKS]; i++) {
      StripSimd.follow(
          c, run, share(r, first + i - 1), before(r, first + i - 1), before(r, first + i));
    }
  }

  private static void chunk(Call c, long phase, int block, int worker) {
    long[] r = c.registers();
    StripSimd.copy(c, before(r, block), after(r, block));
    StripSimd.walk(
        c, block / r[CHUNKS], from(r, block), to(r, block), after(r, block), spare(r, worker));
  }

  private static void repair(Call c, long phase, int run, int worker) {
    long[] r = c.registers();
    int first = Math.toIntExact(run * r[CHUNKS]);
    for (int i = 1; i < r[CHUNKS]; i++) {
      if (StripSimd.mend(c, run, after(r, first + i - 1), before(r, first + i))) {
        chunk(c, phase, first + i, worker);
      }
    }
    StripSimd.finish(c, run, after(r, first + r[CHUNKS] - 1));
  }

  /// All phases of a run, chunk by chunk.
  private static void all(Call c, long phase, int run, int worker) {
    long[] r = c.registers();
    int first = Math.toIntExact(run * r[CHUNKS]);
    StripSimd.load(c, run, before(r, first));
    for (int i = 0; i < r[CHUNKS]; i++) {
      if (i > 0) {
        long earlier = first + i - 1L;
        StripSimd.follow(c, run, share(r, earlier), before(r, earlier), before(r, first + i));
      }
      fold(c, phase, first + i, worker);
      chunk(c, phase, first + i, worker);
    }
    repair(c, phase, run, worker);
  }
}
