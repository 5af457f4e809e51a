package main

func judgeTargets(line []byte) {}
