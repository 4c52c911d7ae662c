module consumer {
  requires dev.gatun.engine;
}
