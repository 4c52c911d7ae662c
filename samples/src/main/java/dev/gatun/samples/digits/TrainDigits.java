package dev.gatun.samples.digits;

import dev.gatun.cpu.CpuDevice;
import dev.gatun.device.Device;
import dev.gatun.nn.Layer;
import dev.gatun.tensor.DType;
import dev.gatun.tensor.Scope;
import dev.gatun.tensor.Tensor;
import dev.gatun.train.Schedule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `gatun train-digits`: a small network on Fashion-MNIST, to some 90 % in a minute; or a deep S4
/// model that reads each image pixel by pixel.
@Command(
    name = "train-digits",
    description =
        "Train a small network on Fashion-MNIST and print its accuracy on the test images.")
public final class TrainDigits implements Callable<Integer> {
  /// What is trained.
  private enum Model {
    MLP,
    S4
  }

  /// Images that the S4 model reads once more, pixel by pixel.
  private static final int READ = 50;

  /// Steps over which the learning rate rises.
  private static final int WARM_UP = 100;

  private static final Duration WARM_UP_TIME = Duration.ofSeconds(5);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--epochs",
      defaultValue = "8",
      description = "Passes over the training images (default: ${DEFAULT-VALUE}).")
  private int epochs = 8;

  @Option(
      names = "--batch",
      defaultValue = "128",
      description = "Images of one step (default: ${DEFAULT-VALUE}).")
  private int batch = 128;

  @Option(
      names = "--lr",
      defaultValue = "2e-3",
      description = "Highest learning rate (default: ${DEFAULT-VALUE}).")
  private double rate = 2e-3;

  @Option(
      names = "--model",
      defaultValue = "MLP",
      description = "MLP, or S4: images as sequences of 784 pixels (default: ${DEFAULT-VALUE}).")
  private Model model = Model.MLP;

  @Option(
      names = "--layers",
      defaultValue = "2",
      description = "Blocks of the S4 model (default: ${DEFAULT-VALUE}).")
  private int layers = 2;

  @Option(
      names = "--width",
      defaultValue = "32",
      description = "Features of the S4 model (default: ${DEFAULT-VALUE}).")
  private int width = 32;

  @Option(
      names = "--images",
      description = "Train on the first so many images of the file, not on all.")
  private int most = Integer.MAX_VALUE;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Seed of the first weights and of the order (default: ${DEFAULT-VALUE}).")
  private long seed = 1;

  @Option(
      names = "--data",
      paramLabel = "DIR",
      defaultValue = "/usr/share/datasets/fashion-mnist",
      description = "Folder with the four IDX files (default: ${DEFAULT-VALUE}).")
  private Path data = Path.of("");

  @Option(names = "--json", description = "Print the result as one line of JSON, and no progress.")
  private boolean json;

  /// For picocli.
  public TrainDigits() {}

  @Override
  public Integer call() throws IOException {
    requirePositive(epochs, "--epochs");
    requirePositive(batch, "--batch");
    requirePositive(rate, "--lr");
    requirePositive(layers, "--layers");
    requirePositive(width, "--width");
    requirePositive(most, "--images");
    if (!Files.exists(data.resolve("train-images-idx3-ubyte.gz"))) {
      throw new IOException(
          "there is no Fashion-MNIST in %s; apt-get install dataset-fashion-mnist, or name a folder"
                  .formatted(data)
              + " with --data");
    }
    Images train = Images.read(data, "train");
    Images test = Images.read(data, "t10k");
    try (CpuDevice device = CpuDevice.open();
        Scope parameters = device.scope("model")) {
      Layer network =
          model == Model.S4
              ? new DeepS4(parameters, layers, width, seed)
              : Classifier.perceptron(parameters, seed);
      Classifier classifier = new Classifier(device, network);
      long start = System.nanoTime();
      // Small batches until C2 has compiled the kernels: interpreted ones are slow on large ones.
      device.warmUp(classifier::gradients, WARM_UP_TIME);
      double loss = train(classifier, train);
      double seconds = (System.nanoTime() - start) / 1e9;
      print(classifier.accuracy(test, batch), loss, seconds, device.memory());
      if (network instanceof DeepS4 deep && !json) {
        compare(deep, test, device);
      }
    }
    return 0;
  }

  private void requirePositive(double value, String option) {
    if (!(value > 0)) {
      throw new ParameterException(spec.commandLine(), option + " must be positive; got " + value);
    }
  }

  /// Reads some images pixel by pixel, and at once.
  private static void compare(DeepS4 network, Images test, CpuDevice device) {
    network.eval();
    try (Scope scope = device.scope("read")) {
      Tensor pixels = Classifier.first(test, READ, scope);
      Tensor whole = network.forward(pixels);
      Tensor read = network.read(pixels, device);
      System.out.printf(
          Locale.ROOT,
          "read pixel by pixel, %d of %d images are taken for the same; scores differ by %.1e%n",
          (long) whole.argMax(1).equal(read.argMax(1)).to(DType.F32).sum().item(),
          pixels.dim(0),
          whole.sub(read).abs().max().item());
    }
  }

  /// Trains and returns the mean loss of the last pass.
  private double train(Classifier classifier, Images train) {
    int[] order = new int[Math.min(most, train.count())];
    Arrays.setAll(order, i -> i);
    SplittableRandom random = new SplittableRandom(seed);
    int steps = Math.ceilDiv(order.length, batch);
    long all = (long) epochs * steps;
    Schedule schedule = Schedule.cosine(rate, 0, Math.min(WARM_UP, all / 2), all);
    double loss = 0;
    try (Progress progress = json ? Progress.none() : Progress.of(all)) {
      for (int epoch = 0; epoch < epochs; epoch++) {
        shuffle(order, random);
        loss = 0;
        for (int i = 0; i < steps; i++) {
          int from = i * batch;
          int to = Math.min(order.length, from + batch);
          double r = schedule.rate((long) epoch * steps + i);
          loss += classifier.step(train, order, from, to, r) * (to - from) / order.length;
          progress.step();
        }
        progress.epoch(epoch + 1, loss);
      }
    }
    return loss;
  }

  private static void shuffle(int[] order, SplittableRandom random) {
    for (int i = order.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int t = order[i];
      order[i] = order[j];
      order[j] = t;
    }
  }

  private void print(double accuracy, double loss, double seconds, Device.Memory memory) {
    String format =
        json
            ? "{\"accuracy\":%.4f,\"loss\":%.4f,\"seconds\":%.1f,\"epochs\":%d,\"batch\":%d,"
                + "\"lr\":%s,\"seed\":%d,\"slabs\":%d,\"peakBytes\":%d}%n"
            : "test accuracy %.2f %%, training loss %.4f, %.1f s for %d epochs of batches of %d%n";
    System.out.printf(
        Locale.ROOT,
        format,
        json ? accuracy : 100 * accuracy,
        loss,
        seconds,
        epochs,
        batch,
        rate,
        seed,
        memory.slabs(),
        memory.peakBytes());
  }
}
