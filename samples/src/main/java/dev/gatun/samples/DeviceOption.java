package dev.gatun.samples;

import dev.gatun.device.Device;
import dev.gatun.device.DeviceProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// `--device` of the commands that compute.
public final class DeviceOption {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--device",
      paramLabel = "NAME",
      defaultValue = "cpu",
      description = "Device to run on: cpu, opencl, opencl:1 (default: ${DEFAULT-VALUE}).")
  private String name = "cpu";

  /// For picocli.
  public DeviceOption() {}

  /// Opens the device.
  ///
  /// @throws ParameterException if this machine has none of that name
  public Device open() {
    try {
      return DeviceProvider.openAny(name);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }
}
