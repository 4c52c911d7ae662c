package dev.gatun.contract;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gatun.contract.OpCase.Wrong;
import dev.gatun.contract.Run.Result;
import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.op.Kernel;
import dev.gatun.op.Op;
import dev.gatun.op.Rules;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Spec;
import dev.gatun.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What every operator keeps on every device, over the table [OpCases]. A device's tests extend
/// this class and say how to open the device.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class OpContract {
  /// Empty, single, around vectors of 128, 256 and 512 bits in both types, and two odd long ones.
  private static final int[] SIZES = {0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 207, 1037};

  private static final int HOT_CALLS = 12_000;
  private static final long HOT_NANOS = 120_000_000;

  private Device device;
  private Device two;
  private Device three;
  private Device reference;

  /// The device under test with so many threads, where it has threads.
  protected abstract Device open(int threads);

  /// Whether `c` is tested on the device under test.
  protected boolean covers(OpCase c) {
    return true;
  }

  /// Whether results for `c` are compared with those of the definition, hot and on any number of
  /// threads; gradients and errors always are.
  protected boolean compares(OpCase c) {
    return true;
  }

  /// Whether other code runs once a call for `c` was made often.
  protected boolean warmsUp(OpCase c) {
    return true;
  }

  /// How many times the bounds of the cases, which are those of the CPU's kernels, the elementary
  /// functions of the device under test may err.
  protected double slack() {
    return 1;
  }

  @BeforeAll
  void open() {
    device = open(1);
    two = open(2);
    three = open(3);
    reference = CpuDevice.open(CpuDevice.Options.standard().withReferenceKernels().withThreads(1));
  }

  @AfterAll
  void close() {
    Stream.of(device, two, three, reference).forEach(Device::close);
  }

  Stream<OpCase> cases() {
    return OpCases.all().stream().filter(this::covers);
  }

  Stream<Arguments> typedCases() {
    return cases()
        .filter(this::compares)
        .flatMap(c -> c.dtypes().stream().map(t -> Arguments.of(c, t)));
  }

  static boolean hasGradient(OpCase c) {
    return c.gradient() && !c.inputs(DType.F64, c.smallest()).isEmpty();
  }

  Stream<OpCase> gradientCases() {
    return cases().filter(OpContract::hasGradient);
  }

  private static IntStream sizes(OpCase c) {
    return IntStream.of(SIZES).filter(n -> n >= c.smallest() && n <= c.big());
  }

  @ParameterizedTest
  @MethodSource("typedCases")
  void matchesReferenceColdAndHot(OpCase c, DType t) {
    List<Run> runs = sizes(c).mapToObj(n -> Run.at(c, t, n)).toList();
    List<List<Result>> want = runs.stream().map(r -> r.results(reference)).toList();
    for (int i = 0; i < runs.size(); i++) {
      Compare.near(runs.get(i), "cold", slack(), want.get(i), runs.get(i).results(device));
    }
    if (!warmsUp(c)) {
      return;
    }
    heat(Run.at(c, t, Math.min(207, c.big())));
    for (int i = 0; i < runs.size(); i++) {
      Compare.near(runs.get(i), "hot", slack(), want.get(i), runs.get(i).results(device));
    }
  }

  /// Calls the op until C2 has compiled it, within bounds.
  private void heat(Run run) {
    Op op = run.op();
    try (Scope scope = device.scope("heat")) {
      List<Tensor> in = run.tensors(scope);
      List<Tensor> out = op instanceof Kernel k ? allocated(k, in, scope) : List.of();
      long start = System.nanoTime();
      for (int i = 0; i < HOT_CALLS && System.nanoTime() - start < HOT_NANOS; i++) {
        if (op instanceof Kernel k) {
          device.run(k, in, out);
        } else {
          try (Scope call = device.scope()) {
            call.run(op, in);
          }
        }
      }
    }
  }

  /// Outputs for calling a kernel directly, extras included.
  static List<Tensor> allocated(Kernel op, List<Tensor> in, Scope scope) {
    return op.infer(in.stream().map(Tensor::spec).toList()).stream()
        .map(s -> scope.zeros(s.dtype(), s.shape()))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("typedCases")
  void treatsSpecialValuesAsTheReferenceDoes(OpCase c, DType t) {
    int n = Math.max(c.smallest(), Math.min(37, c.big()));
    Run run = Run.at(c, t, n);
    for (int i = 0; i < run.in().size(); i++) {
      Input input = run.in().get(i);
      if (!input.spec().dtype().computes() || input.values().length == 0) {
        continue;
      }
      double tiny = input.spec().dtype() == DType.F32 ? Float.MIN_VALUE : Double.MIN_VALUE;
      double[] specials = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, tiny, -1000 * tiny, 0, -0.0
      };
      for (double special : specials) {
        for (int at : new int[] {0, input.values().length * 2 / 3, input.values().length - 1}) {
          List<Input> in = new ArrayList<>(run.in());
          in.set(i, input.with(at, special));
          Run planted = run.with(in);
          String what = special + " as element " + at + " of input " + i;
          Compare.near(planted, what, slack(), planted.results(reference), planted.results(device));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("gradientCases")
  void gradientMatchesFiniteDifferences(OpCase c) {
    for (int n : new int[] {Math.max(1, c.smallest()), Math.max(5, c.smallest())}) {
      Run run = Run.at(c, DType.F64, n);
      List<Optional<double[]>> got = run.gradients(device);
      for (int i = 0; i < got.size(); i++) {
        if (got.get(i).isPresent()) {
          double[] want = differences(run, i);
          double scale = Math.max(Compare.scale(want), 1e-3);
          Compare.near(run + " gradient of input " + i, want, got.get(i).get(), 1e-8, scale);
        }
      }
    }
  }

  /// `dL/dx` for every element of input `i` by the five-point formula, whose error is that of the
  /// fifth derivative times `h^4 / 30`.
  private double[] differences(Run run, int i) {
    double h = 1e-3;
    Input x = run.in().get(i);
    double[] d = new double[x.values().length];
    for (int e = 0; e < d.length; e++) {
      int at = e;
      DoubleUnaryOperator loss =
          step -> {
            List<Input> in = new ArrayList<>(run.in());
            in.set(i, x.with(at, x.values()[at] + step));
            return run.with(in).loss(device);
          };
      double near = loss.applyAsDouble(h) - loss.applyAsDouble(-h);
      double far = loss.applyAsDouble(2 * h) - loss.applyAsDouble(-2 * h);
      d[e] = (8 * near - far) / (12 * h);
    }
    return d;
  }

  @ParameterizedTest
  @MethodSource("gradientCases")
  void gradientInF32MatchesF64(OpCase c) {
    sizes(c).forEach(n -> compareGradients(c, n));
  }

  private void compareGradients(OpCase c, int n) {
    List<Optional<double[]>> want = Run.at(c, DType.F64, n).gradients(device);
    Run run = Run.at(c, DType.F32, n);
    List<Optional<double[]>> got = run.gradients(device);
    double bound = Math.max(16 * slack() * c.bound(DType.F32, n), 0x1p-18);
    // Of all inputs: a gradient summed over a repeated axis may cancel.
    double scale =
        want.stream().flatMap(Optional::stream).mapToDouble(Compare::scale).max().orElse(0);
    for (int i = 0; i < got.size(); i++) {
      if (got.get(i).isPresent()) {
        Compare.near(
            run + " gradient of input " + i,
            want.get(i).orElseThrow(),
            got.get(i).get(),
            bound,
            scale);
      }
    }
  }

  /// A size that several threads of the device share.
  protected int shared(OpCase c) {
    return c.big();
  }

  @ParameterizedTest
  @MethodSource("typedCases")
  void givesTheSameBitsOnAnyNumberOfThreads(OpCase c, DType t) {
    for (int n : new int[] {Math.min(1037, c.big()), shared(c)}) {
      Run run = Run.at(c, t, n);
      List<Result> want = run.results(device);
      Compare.same(run + " on 2 threads", want, run.results(two));
      Compare.same(run + " on 3 threads", want, run.results(three));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void refusesWrongInputs(OpCase c) {
    Op op = c.op().apply(Math.max(3, c.smallest()));
    for (Wrong wrong : c.wrong()) {
      refused(op, wrong.in(), wrong.message());
    }
    if (op instanceof Kernel && !c.inputs(DType.F32, c.smallest()).isEmpty()) {
      refused(op, List.of(), "input");
    }
  }

  private void refused(Op op, List<Spec> in, String message) {
    try (Scope scope = device.scope("refused")) {
      long before = device.memory().liveBytes();
      List<Tensor> tensors = in.stream().map(s -> scope.zeros(s.dtype(), s.shape())).toList();
      long made = device.memory().liveBytes();
      IllegalArgumentException e =
          assertThrows(
              IllegalArgumentException.class, () -> scope.run(op, tensors), () -> op + " of " + in);
      String text = String.valueOf(e.getMessage());
      assertTrue(text.startsWith(Rules.name(op) + ": "), text);
      assertTrue(text.contains("; got ") && text.contains(message), text + " lacks " + message);
      assertTrue(device.memory().liveBytes() == made, () -> op + " took memory, then refused");
      assertTrue(made >= before);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void refusesClosedScopes(OpCase c) {
    Run run = Run.at(c, DType.F32, Math.max(3, c.smallest()));
    assumeTrue(c.targets() == 0, "written in place: the scope of the variable is tested elsewhere");
    Scope closed = device.scope("gone");
    List<Tensor> in = run.tensors(closed);
    closed.close();
    gone(() -> closed.run(run.op(), in));
    if (!in.isEmpty()) {
      try (Scope open = device.scope()) {
        gone(() -> open.run(run.op(), in));
      }
    }
  }

  private static void gone(Executable call) {
    String text = String.valueOf(assertThrows(IllegalStateException.class, call).getMessage());
    assertTrue(text.contains("'gone'"), text);
  }
}
