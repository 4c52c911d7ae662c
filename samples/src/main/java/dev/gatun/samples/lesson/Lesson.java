package dev.gatun.samples.lesson;

import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `gatun lesson N`.
@Command(
    name = "lesson",
    description = {
      "Run a lesson; read its source beside it.",
      "  1  tensors, scopes, gradients",
      "  2  attention",
      "  3  a trained model: embeddings and search by meaning",
      "  4  a program with LWJGL hands its buffer to attention",
      "  5  state space models: S4 by convolution and step by step",
      "  6  scans: recurrences joined in any order, memories of keys and values"
    })
public final class Lesson implements Callable<Integer> {
  private static final List<Runnable> LESSONS =
      List.of(
          L01Tensors::run,
          L02Attention::run,
          L03Models::run,
          L04Lwjgl::run,
          L05StateSpaces::run,
          L06Scans::run);

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "N", description = "Number of the lesson, from 1.")
  private int number = 1;

  /// For picocli.
  public Lesson() {}

  @Override
  public Integer call() {
    if (number < 1 || number > LESSONS.size()) {
      throw new ParameterException(
          spec.commandLine(),
          "lessons are numbered 1 to %d; got %d".formatted(LESSONS.size(), number));
    }
    LESSONS.get(number - 1).run();
    return 0;
  }
}
