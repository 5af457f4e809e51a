package main

func judgeSubstitution(line []byte) {}
