module @integer_wraparound attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
  func.func public @main(%arg0: tensor<12xi8>, %arg1: tensor<12xi8>, %arg2: tensor<12xui16>, %arg3: tensor<12xui16>) -> (tensor<12xi8>, tensor<12xi8>, tensor<12xi8>, tensor<12xi8>, tensor<12xui16>, tensor<12xui16>, tensor<12xui16>) {
    %0 = stablehlo.add %arg0, %arg1 : tensor<12xi8>
    %1 = stablehlo.subtract %arg0, %arg1 : tensor<12xi8>
    %2 = stablehlo.multiply %arg0, %arg1 : tensor<12xi8>
    %3 = stablehlo.negate %arg0 : tensor<12xi8>
    %4 = stablehlo.add %arg2, %arg3 : tensor<12xui16>
    %5 = stablehlo.subtract %arg2, %arg3 : tensor<12xui16>
    %6 = stablehlo.multiply %arg2, %arg3 : tensor<12xui16>
    return %0, %1, %2, %3, %4, %5, %6 : tensor<12xi8>, tensor<12xi8>, tensor<12xi8>, tensor<12xi8>, tensor<12xui16>, tensor<12xui16>, tensor<12xui16>
  }
}
