package dev.gatun.samples.basecall;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.io.Npz;
import dev.gatun.samples.Console;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BasecallTest {
  private static final Path LIBRARY = Path.of("/usr/lib/libscrappie.a");
  private static final Path READS = Path.of("/usr/share/poretools/data");
  private static final int N = 96;

  @TempDir private Path dir = Path.of("");

  private static Path library() {
    assumeTrue(Files.exists(LIBRARY), "no weights: apt-get install scrappie");
    return LIBRARY;
  }

  private static Path read() throws IOException {
    assumeTrue(Files.isDirectory(READS), "no reads: apt-get install poretools-data");
    try (Stream<Path> all = Files.list(READS)) {
      return all.filter(p -> p.toString().contains("_ch52_read58_")).findFirst().orElseThrow();
    }
  }

  private static void assertSentence(int code, String part, String... args) {
    Console c = Console.run(args);
    assertEquals(code, c.code(), c.toString());
    assertTrue(c.err().contains(part), c.err());
    assertEquals(1, c.err().lines().count(), c.err());
  }

  @Test
  void whatIsWrongIsOneSentence() throws IOException {
    assertSentence(2, "--model is unknown: x", "basecall", "a.fast5", "--model", "x");
    assertSentence(2, "--batch must be", "basecall", "a.fast5", "--batch", "0");
    assertSentence(2, "--overlap must not", "basecall", "a.fast5", "--overlap", "-1");
    assertSentence(2, "--repeat must be", "basecall", "a.fast5", "--repeat", "0");
    assertSentence(2, "--threads must be", "basecall", "a.fast5", "--threads", "0");
    String none = dir.resolve("none.a").toString();
    assertSentence(1, "apt-get install scrappie", "basecall", "a.fast5", "--library", none);
    Path text = Files.writeString(dir.resolve("text.a"), "no library");
    assertSentence(
        1, "must be a static library", "basecall", "a.fast5", "--library", text.toString());
  }

  private static Fast5 read(int samples) {
    float[] current = new float[samples];
    for (int i = 0; i < samples; i++) {
      // Chunks of little movement at both ends: a quiet hundred, then a wave.
      boolean quiet = i < 100 || i >= samples - 150;
      current[i] = 80 + (quiet ? 1 : 20) * (i % 2 == 0 ? 1 : -1) * (1 + i % 3);
    }
    return new Fast5("name", "id", current);
  }

  @Test
  void quietEndsAreLeftOut() throws IOException {
    Signal s = Signal.of(read(1050));
    assertEquals(300, s.start());
    assertEquals(890, s.end());
    float[] sorted = s.values().clone();
    Arrays.sort(sorted);
    assertEquals(0, (sorted[294] + sorted[295]) / 2, 1e-6);
    IOException e = assertThrows(IOException.class, () -> Signal.of(read(250)));
    assertTrue(String.valueOf(e.getMessage()).contains("too short"), e.getMessage());
    Fast5 flat = new Fast5("name", "id", new float[1000]);
    assertThrows(IOException.class, () -> Signal.of(flat));
  }

  private static int state(String bases) {
    int state = 0;
    for (int i = 0; i < bases.length(); i++) {
      state = state * 4 + "ACGT".indexOf(bases.charAt(i));
    }
    return state;
  }

  @Test
  void statesOverlap() {
    int stay = Transducer.STAY;
    assertEquals("", Bases.along(new int[] {stay, stay}));
    int[] path = {stay, state("ACGTA"), stay, state("CGTAC"), state("TACGG"), state("TTTTT")};
    assertEquals("ACGTACGGTTTTT", Bases.along(path));
    int[] same = {state("AAAAA"), state("AAAAA"), state("AAAAC")};
    assertEquals("AAAAAAC", Bases.along(same));
  }

  /// Probabilities of a half at the path's classes; what is left is shared.
  private static float[] logs(int[] classes) {
    float[] logs = new float[classes.length * Network.CLASSES];
    Arrays.fill(logs, (float) Math.log(0.5 / Network.STATES));
    for (int t = 0; t < classes.length; t++) {
      logs[t * Network.CLASSES + classes[t]] = (float) Math.log(0.5);
    }
    return logs;
  }

  @Test
  void thePathOfTheLikeliestClassesIsFound() {
    String bases = "ACGTTGCAAGTCCATGAC";
    int[] classes = new int[2 * (bases.length() - 4)];
    for (int i = 0; i < classes.length; i++) {
      classes[i] = i % 2 == 0 ? state(bases.substring(i / 2, i / 2 + 5)) : Network.STATES;
    }
    Transducer t = new Transducer();
    float[] logs = logs(classes);
    for (int i = 0; i < classes.length; i++) {
      t.add(logs, i * Network.CLASSES);
    }
    Transducer.Best best = t.best();
    assertEquals(bases, Bases.along(best.states()));
    assertEquals(classes.length * Math.log(0.5), best.score(), 1e-4);
  }

  /// The score is that of the path, and no path found by chance is better.
  @Test
  void noOtherPathIsBetter() {
    Random random = new Random(5);
    float[] logs = new float[60 * Network.CLASSES];
    for (int i = 0; i < logs.length; i++) {
      logs[i] = (float) Math.log(random.nextDouble());
    }
    Transducer t = new Transducer();
    for (int i = 0; i < 60; i++) {
      t.add(logs, i * Network.CLASSES);
    }
    Transducer.Best best = t.best();
    assertEquals(best.score(), score(logs, best.states()), 1e-4);
    for (int trial = 0; trial < 2000; trial++) {
      int[] other = best.states().clone();
      int at = 2 + random.nextInt(57);
      other[at] = random.nextBoolean() ? Transducer.STAY : random.nextInt(Network.STATES);
      assertTrue(score(logs, other) <= best.score() + 1e-4);
    }
  }

  private static double score(float[] logs, int[] path) {
    double sum = 0;
    int state = path[0];
    boolean done = false;
    for (int t = 0; t + 1 < path.length; t++) {
      int next = path[t + 1];
      float stay = logs[t * Network.CLASSES + Network.STATES];
      if (next == Transducer.STAY) {
        boolean waits = state == Transducer.STAY || rests(path, t + 1);
        sum += waits ? Math.max(-2, stay) : stay;
      } else {
        boolean fits =
            state == Transducer.STAY || state % 256 == next / 4 || state % 64 == next / 16;
        sum += fits && !done ? logs[t * Network.CLASSES + next] : Double.NEGATIVE_INFINITY;
        state = next;
      }
    }
    return sum;
  }

  private static boolean rests(int[] path, int from) {
    return Arrays.stream(path, from, path.length).allMatch(s -> s == Transducer.STAY);
  }

  @Test
  void runsOfOneBaseGetTheirMeanLength() {
    int a = state("AAAAA");
    int[] path = {state("CCCCC"), state("GAAAA"), a, -1, -1, -1, -1, state("AAAAC"), -1, -1, -1};
    Homopolymers h = new Homopolymers();
    float[] logs = new float[Network.CLASSES];
    Arrays.fill(logs, -20);
    logs[a] = (float) Math.log(0.4);
    logs[Network.STATES] = (float) Math.log(0.6);
    for (int t = 0; t < path.length - 1; t++) {
      h.add(logs, 0);
    }
    h.correct(path);
    // Five steps of 0.4 are two bases instead of the path's one.
    assertArrayEquals(
        new int[] {state("CCCCC"), state("GAAAA"), a, a, -1, -1, -1, state("AAAAC"), -1, -1, -1},
        path);
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double dot(float[] w, int row, double[] x) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += w[row * x.length + i] * x[i];
    }
    return sum;
  }

  /// A layer in plain loops, from its equations.
  private static double[][] gru(ElfObject o, String name, double[][] x) throws IOException {
    float[] input = o.floats(name + "iW", 3 * N * N);
    float[] gates = o.floats(name + "sW", 2 * N * N);
    float[] candidate = o.floats(name + "sW2", N * N);
    float[] bias = o.floats(name + "b", 3 * N);
    boolean back = name.contains("gruB");
    double[][] y = new double[x.length][N];
    double[] h = new double[N];
    for (int s = 0; s < x.length; s++) {
      int t = back ? x.length - 1 - s : s;
      double[] reset = new double[N];
      for (int j = 0; j < N; j++) {
        double a = dot(input, N + j, x[t]) + bias[N + j];
        reset[j] = h[j] * sigmoid(a + dot(gates, N + j, h));
      }
      for (int j = 0; j < N; j++) {
        double z = sigmoid(dot(input, j, x[t]) + bias[j] + dot(gates, j, h));
        double c = dot(input, 2 * N + j, x[t]) + bias[2 * N + j] + dot(candidate, j, reset);
        y[t][j] = z * h[j] + (1 - z) * Math.tanh(c);
      }
      h = y[t];
    }
    return y;
  }

  private static double[][] expected(ElfObject o, float[] signal) throws IOException {
    float[] w = o.floats("__conv_rgrgr_r94_W", N * 76);
    float[] b = o.floats("__conv_rgrgr_r94_b", N);
    float[] windows = Network.windows(signal);
    double[][] x = new double[windows.length / 19][N];
    for (int t = 0; t < x.length; t++) {
      for (int j = 0; j < N; j++) {
        double sum = b[j];
        for (int k = 0; k < 19; k++) {
          sum += w[j * 76 + 4 * k] * windows[t * 19 + k];
        }
        x[t][j] = sum < 0 ? Math.expm1(sum) : sum;
      }
    }
    for (String layer : List.of("B1", "F2", "B3", "F4", "B5")) {
      x = gru(o, "__gru" + layer + "_rgrgr_r94_", x);
    }
    return x;
  }

  @Test
  void theNetworkIsItsEquations() throws IOException {
    ElfObject o = ElfObject.read(library(), "networks.c.o");
    Random random = new Random(3);
    float[] signal = new float[600];
    for (int i = 0; i < signal.length; i++) {
      signal[i] = (float) random.nextGaussian();
    }
    double[][] h = expected(o, signal);
    float[] last = o.floats("__FF_rgrgr_r94_W", Network.CLASSES * N);
    float[] bias = o.floats("__FF_rgrgr_r94_b", Network.CLASSES + 3);
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope()) {
      Network network = Network.read(LIBRARY, "rgrgr_r94", scope);
      Tensor x = network.features(signal, scope).unsqueeze(1);
      Tensor y = network.recurrent(x, new int[] {h.length}, scope);
      float[] p = network.posterior(y.reshape(h.length, N)).toFloatArray();
      for (int t = 0; t < h.length; t++) {
        double[] e = new double[Network.CLASSES];
        for (int c = 0; c < e.length; c++) {
          e[c] = Math.exp(dot(last, c, h[t]) + bias[c]);
        }
        double sum = Arrays.stream(e).sum();
        for (int c = 0; c < e.length; c++) {
          assertEquals(e[c] / sum, p[t * Network.CLASSES + c], 1e-5);
        }
      }
    }
  }

  @Test
  void windowsEndAsInScrappie() {
    float[] signal = new float[100];
    Arrays.setAll(new double[100], i -> signal[i] = i + 1);
    float[] w = Network.windows(signal);
    assertEquals(20 * 19, w.length);
    assertEquals(0, w[8]);
    assertEquals(1, w[9]);
    // The last but one sees what belongs to the last: from sample 86 on, fourteen of them.
    assertEquals(87, w[18 * 19]);
    assertEquals(100, w[18 * 19 + 13]);
    assertEquals(0, w[18 * 19 + 14]);
    assertEquals(0, w[19 * 19]);
    float[] longer = Network.windows(Arrays.copyOf(signal, 101));
    assertEquals(97 - 10, longer[19 * 19]);
  }

  /// Least number of bases to insert, leave out or replace.
  private static int edits(String a, String b) {
    int[] row = new int[b.length() + 1];
    Arrays.setAll(row, i -> i);
    for (int i = 1; i <= a.length(); i++) {
      int corner = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int replaced = corner + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        corner = row[j];
        row[j] = Math.min(replaced, Math.min(row[j - 1], row[j]) + 1);
      }
    }
    return row[b.length()];
  }

  private static JsonNode only(Console c) throws IOException {
    assertEquals(0, c.code(), c.err());
    return new ObjectMapper().readTree(c.out()).get("reads").get(0);
  }

  /// Rounding decides between paths of nearly equal scores: a base in some ten thousand.
  @Test
  void theBasesAreScrappies() throws Exception {
    library();
    Path scrappie = Path.of("/usr/bin/scrappie");
    assumeTrue(Files.isExecutable(scrappie), "no scrappie to compare with");
    String file = read().toString();
    Process peer = new ProcessBuilder(scrappie.toString(), "raw", file).start();
    peer.getOutputStream().close();
    String[] expected = new String(peer.getInputStream().readAllBytes(), UTF_8).split("\n", -1);
    assertEquals(0, peer.waitFor());
    Path posterior = dir.resolve("p.npz");
    Console c = Console.run("basecall", file, "--posterior", posterior.toString());
    assertEquals(0, c.code(), c.err());
    String[] got = c.out().split("\n", -1);
    String lengths = "sequence_length.*, \"ns";
    assertEquals(expected[0].replaceAll(lengths, ""), got[0].replaceAll(lengths, ""));
    int edits = edits(expected[1], got[1]);
    System.out.printf("%d and %d bases: %d edits%n", expected[1].length(), got[1].length(), edits);
    assertTrue(edits <= 5, "edits " + edits);
    try (CpuDevice device = CpuDevice.open();
        Scope scope = device.scope()) {
      Tensor p = Npz.read(posterior, scope).values().iterator().next();
      assertEquals(Network.CLASSES, p.dim(1));
      assertEquals((double) p.dim(0), p.sum().item(), 1);
    }
    // Windows that overlap by the whole read see what it sees.
    JsonNode windows =
        only(Console.run("basecall", file, "--batch", "2", "--overlap", "80000", "--json"));
    assertTrue(edits(got[1], windows.get("bases").asText()) <= 5);
    Path same = Files.copy(Path.of(file), dir.resolve("same.fast5"));
    Console both = Console.run("basecall", file, same.toString(), "--batch", "2");
    assertEquals(0, both.code(), both.err());
    List<String> lines = both.out().lines().toList();
    assertEquals(4, lines.size());
    assertEquals(lines.get(1), lines.get(3));
    assertTrue(edits(got[1], lines.get(1)) <= 5);
  }
}
