module {
  func.func @first() {
    return
  }
}

// -----

module {
  func.func @second() {
    return
  }
}
