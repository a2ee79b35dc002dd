// A still life by a window on the left: sunflowers in a copper jug, fruit, bread, wine. One unit is 10 cm.
#version 3.7;
global_settings { assumed_gamma 1 max_trace_level 8 }
#default { finish { ambient 0 emission 0 diffuse 0.8 } }
#include "common.inc"
#include "nature.inc"

camera {
    location <1.2, 7.4, -21>
    right x*16/9
    angle 46
    look_at <0.5, 3.9, 0>
}
light_source {
    <-22, 19, -13> srgb <1, 0.92, 0.78>*1.45
    area_light 6*z, 6*y, 5, 5 adaptive 1 jitter circular orient
}
light_source { <30, 20, -30> srgb <0.55, 0.64, 0.88>*0.42 shadowless }
light_source { <0, -10, -30> srgb <0.8, 0.6, 0.45>*0.2 shadowless }

// The window, seen only in what it is mirrored in.
union {
    #declare I = 0;
    #while (I < 6)
        box { <-24, 6 + 4.4*mod(I, 3), -14 + 5*floor(I/3)>, <-23.9, 10 + 4.4*mod(I, 3), -9.6 + 5*floor(I/3)> }
        #declare I = I + 1;
    #end
    pigment { C(235, 240, 250) }
    finish { emission 1.6 diffuse 0 }
    no_shadow no_image
}

// The wall behind and a curtain on the right.
plane {
    -z, -9
    texture {
        pigment {
            function { min(0.999, max(0, 0.5*Fbm(0.25*x, 0.25*y, 0) + 0.25*Fbm(3*x, 3*y, 1) + 0.012*(x + 4) + 0.05)) }
            color_map { [0.22 C(160, 190, 172)] [0.42 C(104, 148, 144)] [0.60 C(62, 98, 106)] }
        }
        normal { granite 0.15 scale 2 }
    }
}
#declare I = 0;
#while (I < 13)
    #declare R = Rand(0.45, 0.85);
    cone {
        <0, -2, 0>, R*1.25, <0, 16, 0>, R*0.8
        scale <1, 1, 1.2>
        texture { Mottled(C(104, 22, 30), C(180, 52, 46), 1.3) normal { bumps 0.25 scale <0.1, 3, 0.1> } }
        translate <6.9 + 0.72*I, 0, 6 + Rand(-0.4, 0.4)>
    }
    #declare I = I + 1;
#end

// The table, and a cloth that lies in folds and hangs over its edge.
#declare Oak = texture {
    pigment {
        function { 0.65*Fbm(0.35*x, 2*y, 2.6*z) + 0.35*Noise(2*x, 20*y, 20*z) }
        color_map { [0.3 C(66, 38, 22)] [0.5 C(120, 74, 42)] [0.7 C(160, 106, 64)] }
    }
    normal { bumps 0.2 scale <1.5, 0.1, 0.1> }
    finish { specular 0.3 roughness 0.03 reflection { 0, 0.12 } }
}
box { <-14, -0.6, -5>, <14, 0, 8> texture { Oak } }
box { <-14, -3.5, -4.6>, <14, -0.6, -4.3> texture { Oak } }
#declare Linen = texture {
    pigment {
        function { max(abs(mod(x + 40, 1.6) - 0.8) < 0.11, abs(mod(z - y + 40, 1.6) - 0.8) < 0.11)*0.6 + 0.35*Fbm(2*x, 2*y, 2*z) }
        color_map {
            [0.1 C(236, 230, 214)] [0.3 C(252, 246, 232)] [0.55 C(252, 246, 232)]
            [0.6 C(84, 118, 176)] [0.99 C(120, 150, 200)]
        }
    }
    normal { bumps 0.15 scale 0.05 }
}
#declare Fold = function(u, v) { 0.55*Ridge(0.55*u + 0.25*v, 0.3, 0.30*v) + 0.25*Ridge(1.1*u, 2.2, 0.7*v + 0.4*u) + 0.06*Noise(4*u, 0, 4*v) }
#declare Top_Y = function(u, v) { 0.03 + 0.75*Fold(u, v)*min(1, max(0, (v + 5.1)/1.5)) }
#declare N_U = 130;
#declare N_V = 90;
mesh {
    #declare J = 0;
    #while (J < N_V)
        #declare V0 = -9 + 11*J/N_V;
        #declare V1 = -9 + 11*(J + 1)/N_V;
        #declare I = 0;
        #while (I < N_U)
            #declare K = 0;
            #declare P = array[4];
            #while (K < 4)
                #declare A = -5.8 + 9.2*(I + mod(K, 2))/N_U;
                #declare V = (K < 2 ? V0 : V1);
                #declare A = A + 0.12*V;
                #declare Hang = max(0, -5.1 - V);
                #declare P[K] = <
                    A + 0.1*Hang*sin(1.9*A),
                    (Hang > 0 ? 0.05 - Hang : Top_Y(A, V)),
                    max(V, -5.1) - 0.02 - min(1, 1.2*Hang)*(0.30 + 0.26*sin(2.3*A + 0.4*Hang))>;
                #declare K = K + 1;
            #end
            triangle { P[0], P[1], P[3] }
            triangle { P[0], P[2], P[3] }
            #declare I = I + 1;
        #end
        #declare J = J + 1;
    #end
    texture { Linen }
}

// Fruit.
#macro Skin(Dark, Light, Streak)
    texture {
        pigment {
            function { 0.55*Fbm(x*0.9, y*0.7, z*0.9) + 0.45*Noise(x*Streak, y*1.2, z*Streak) }
            color_map { [0.34 Dark] [0.66 Light] }
        }
        finish { specular 0.55 roughness 0.012 reflection { 0.0, 0.18 fresnel on } }
    }
    interior { ior 1.4 }
#end
#macro Apple(P, R, Tilt, Dark, Light)
    union {
        lathe {
            cubic_spline 9, <-0.2, 0.75>, <0, 0.66>, <0.32, 0.86>, <0.80, 0.66>, <1.0, 0.08>, <0.80, -0.56>, <0.34, -0.86>,
                <0, -0.74>, <-0.2, -0.76>
            Skin(Dark, Light, 7)
        }
        cone { <0, 0.62, 0>, 0.035, <0.12, 1.15, 0.04>, 0.055 pigment { C(84, 58, 34) } }
        scale R
        rotate Tilt
        translate P + 0.84*R*y
    }
#end
#macro Pear(P, R, Tilt)
    union {
        lathe {
            cubic_spline 9, <-0.3, 2.0>, <0, 1.95>, <0.34, 1.72>, <0.46, 1.1>, <0.92, 0.25>, <0.86, -0.5>, <0.34, -0.88>,
                <0, -0.8>, <-0.3, -0.8>
            Skin(C(150, 120, 36), C(222, 200, 84), 3)
        }
        cone { <0, 1.9, 0>, 0.04, <0.2, 2.5, 0.05>, 0.06 pigment { C(84, 58, 34) } }
        scale R
        rotate Tilt
        translate P
    }
#end
#macro Orange(P, R)
    sphere {
        0, R
        texture { Mottled(C(232, 118, 22), C(250, 156, 48), 1.2) normal { bumps 0.35 scale 0.06 } finish { specular 0.45 roughness 0.03 } }
        translate P + R*y
    }
#end
#macro Lemon(P, R, Tilt)
    blob {
        threshold 0.5
        sphere { 0, 1.5, 1 }
        sphere { 0.62*x, 0.9, 0.5 }
        sphere { -0.62*x, 0.9, 0.5 }
        texture { Mottled(C(236, 196, 44), C(252, 226, 92), 1) normal { bumps 0.3 scale 0.09 } finish { specular 0.45 roughness 0.03 } }
        scale R
        rotate Tilt
        translate P
    }
#end
#macro Grapes(P, N, Dark, Light)
    union {
        #local I = 0;
        #while (I < N)
            #local T = I/N;
            #local W = 0.85*sin(pi*pow(0.08 + 0.9*T, 0.6))*rand(Dice) + 0.05;
            #local A = 2.4*I;
            sphere {
                <2.6*T - 1.3, 0.27 + abs(W*sin(A))*0.9, W*cos(A)>, Rand(0.23, 0.29)
                texture { Mottled(Dark, Light, 0.7) finish { diffuse 0.7 specular 0.8 roughness 0.008 reflection { 0.02, 0.25 } } }
            }
            #local I = I + 1;
        #end
        cylinder { <-1.2, 0.6, 0>, <-2.0, 1.0, 0.2>, 0.05 pigment { C(110, 84, 44) } }
        translate P
    }
#end

// A bowl with blue bands, filled.
union {
    lathe {
        cubic_spline 12, <0.4, -0.1>, <0.9, 0>, <0.95, 0.2>, <1.3, 0.45>, <2.1, 1.05>, <2.55, 1.75>, <2.66, 1.80>,
            <2.6, 1.88>, <2.44, 1.78>, <1.9, 1.1>, <0, 0.5>, <-1, 0.4>
        texture {
            pigment {
                function { min(0.999, y/2 + 0.02*Noise(4*x, 4*y, 4*z) + 0.035*sin(14*atan2(x, z))*(y > 0.75)*(y < 1.3)) }
                color_map {
                    [0.25 C(238, 236, 228)] [0.25 C(44, 78, 150)] [0.29 C(44, 78, 150)] [0.29 C(238, 236, 228)]
                    [0.52 C(238, 236, 228)] [0.52 C(60, 100, 172)] [0.64 C(60, 100, 172)] [0.64 C(238, 236, 228)]
                    [0.84 C(238, 236, 228)] [0.84 C(44, 78, 150)]
                }
            }
            finish { specular 0.7 roughness 0.008 reflection { 0.01, 0.3 fresnel on } }
        }
        interior { ior 1.5 }
    }
    Apple(<-1.15, 1.0, -0.5>, 0.88, <20, 0, 25>, C(150, 22, 26), C(214, 84, 44))
    Orange(<0.5, 0.95, -1.0>, 0.86)
    Apple(<1.3, 1.15, 0.3>, 0.86, <-10, 40, -25>, C(176, 40, 30), C(228, 190, 82))
    Orange(<-0.5, 1.05, 0.95>, 0.85)
    Pear(<0.35, 2.5, 0.2>, 0.72, <12, 0, -28>)
    Apple(<-0.55, 2.05, 0.1>, 0.8, <-15, 60, 12>, C(120, 150, 40), C(196, 200, 84))
    translate <-1.4, 0.35, -0.6>
}
Lemon(<2.0, 0.62, -3.0>, 0.70, <0, 35, 0>)
Lemon(<3.6, 0.60, -3.5>, 0.68, <0, -40, 8>)
Apple(<-4.6, 0.3, -2.6>, 0.85, <10, 0, -14>, C(140, 20, 26), C(222, 110, 50))
Pear(<-6.4, 0.78, -1.9>, 0.82, <70, 40, 0>)
object { Grapes(<0.6, 0.30, -3.9>, 74, C(58, 26, 70), C(112, 62, 116)) rotate 6*y }

// Bread and a knife.
union {
    sphere { 0, 1 scale <2.0, 0.95, 1.15> translate <0, 0.75, 0> }
    texture {
        pigment {
            function { 0.5*Fbm(x, y, z) + 0.22*y + 0.15*Noise(9*x, 9*y, 9*z) }
            color_map { [0.3 C(224, 180, 116)] [0.5 C(188, 120, 58)] [0.8 C(112, 60, 28)] }
        }
        normal { average normal_map { [1 gradient x 1.6 sine_wave scale 0.8] [1 granite 0.7 scale 1] } }
    }
    rotate -24*y
    translate <5.8, 0, -1.2>
}

// A bottle and a glass of wine.
union {
    lathe {
        cubic_spline 12, <-0.5, 0>, <0, 0.02>, <0.80, 0.02>, <0.84, 0.3>, <0.84, 3.4>, <0.78, 4.0>, <0.36, 4.9>,
            <0.30, 5.6>, <0.34, 6.3>, <0.26, 6.4>, <0, 6.4>, <-0.5, 6.4>
        texture { pigment { C(20, 44, 28) } finish { diffuse 0.4 specular 0.9 roughness 0.004 reflection { 0.06, 0.6 fresnel on } } }
        interior { ior 1.5 }
    }
    cylinder { <0, 1.2, 0>, <0, 2.9, 0>, 0.852 open texture { Mottled(C(206, 186, 140), C(240, 226, 190), 1.2) } }
    cylinder { <0, 1.5, 0>, <0, 1.62, 0>, 0.856 open pigment { C(130, 36, 40) } }
    cylinder { <0, 2.5, 0>, <0, 2.62, 0>, 0.856 open pigment { C(130, 36, 40) } }
    cylinder { <0, 5.3, 0>, <0, 6.42, 0>, 0.355 pigment { C(140, 34, 40) } finish { specular 0.5 roughness 0.03 } }
    translate <3.0, 0, 2.2>
}
union {
    lathe {
        cubic_spline 14, <0, -0.1>, <0, 0.02>, <0.85, 0.05>, <0.80, 0.12>, <0.12, 0.25>, <0.09, 1.2>, <0.14, 1.75>,
            <0.82, 2.4>, <0.92, 3.1>, <0.74, 3.95>, <0.71, 3.95>, <0.88, 3.1>, <0, 1.85>, <-0.4, 1.8>
        pigment { rgbt <0.96, 0.98, 1, 0.93> }
        finish { diffuse 0.05 specular 0.9 roughness 0.003 reflection { 0.03, 0.7 fresnel on } }
    }
    sphere {
        0, 1
        scale <0.80, 0.62, 0.80>
        clipped_by { plane { y, 0.12 } }
        translate 2.62*y
        pigment { C(96, 10, 24) }
        finish { diffuse 0.6 specular 0.5 reflection { 0, 0.2 } }
    }
    disc { 2.74*y, y, 0.78 pigment { C(140, 22, 36) } finish { specular 0.6 reflection 0.1 } }
    interior { ior 1.1 }
    translate <4.5, 0, 0.2>
}

// A copper jug with sunflowers.
#declare Jug = <-4.9, 0.2, 1.9>;
union {
    lathe {
        cubic_spline 11, <0, -0.2>, <0.9, 0>, <1.02, 0.15>, <1.5, 1.2>, <1.42, 2.2>, <0.86, 3.2>, <0.84, 3.7>,
            <1.12, 4.1>, <1.05, 4.12>, <0.7, 3.6>, <0.6, 3.2>
        texture {
            Mottled(C(150, 76, 40), C(216, 128, 80), 1.4)
            normal { crackle 0.35 scale 0.4 }
            finish { diffuse 0.5 specular 0.9 roughness 0.02 metallic reflection { 0.22 metallic } }
        }
    }
    torus { 1.1, 0.16 scale <0.85, 1.2, 1> rotate 90*x translate <-1.55, 2.4, 0>
        texture { pigment { C(170, 92, 52) } finish { diffuse 0.5 specular 0.9 roughness 0.02 metallic reflection 0.15 } } }
    translate Jug
}
// Petals in two whorls, seeds in a spiral by the golden angle; it looks along Aim.
#macro Sunflower(P, Aim, R)
    #local Z = vnormalize(Aim);
    #local X = vnormalize(vcross(y, Z));
    #local Y = vcross(Z, X);
    union {
        mesh {
            #local I = 0;
            #while (I < 44)
                #local A = I*2*pi/22 + Rand(-0.1, 0.1);
                #local L = Rand(1.6, 2.05);
                #local Bend = Rand(-0.35, 0.35) + (I < 22 ? 0.1 : -0.15);
                #local D = <cos(A), sin(A), 0>;
                #local S = <-sin(A), cos(A), 0>*0.27;
                #local M = 1.35*D + <0, 0, 0.22 + 0.4*Bend>;
                #local T = L*D + <0, 0, Bend>;
                triangle { 0.8*D, M - S, M + <0, 0, -0.06> }
                triangle { 0.8*D, M + S, M + <0, 0, -0.06> }
                triangle { T, M - S, M + <0, 0, -0.06> }
                triangle { T, M + S, M + <0, 0, -0.06> }
                #local I = I + 1;
            #end
            texture { Mottled(C(226, 142, 20), C(252, 206, 52), 0.7) finish { diffuse 0.75 emission 0.05 } }
        }
        sphere { 0, 1 scale <0.98, 0.98, 0.3> pigment { C(52, 32, 20) } }
        #local I = 0;
        #while (I < 260)
            #local Q = 0.96*sqrt(I/260);
            sphere {
                <Q*cos(2.39996*I), Q*sin(2.39996*I), 0.3*sqrt(max(0, 1 - Q*Q))>, 0.05
                pigment { #if (I < 70) C(110, 96, 40) #else #if (I < 170) C(70, 42, 24) #else C(150, 92, 30) #end #end }
            }
            #local I = I + 1;
        #end
        sphere { 0, 1 scale <0.9, 0.9, 0.35> translate -0.25*z texture { Mottled(C(60, 90, 34), C(120, 146, 60), 0.4) } }
        scale R
        matrix <X.x, X.y, X.z, Y.x, Y.y, Y.z, Z.x, Z.y, Z.z, P.x, P.y, P.z>
    }
    sphere_sweep {
        cubic_spline 5, P + Z, 0.09, P - 0.1*Z, 0.10, P - 0.8*Z - 0.5*y, 0.11, Jug + 3.6*y, 0.12, Jug + 1*y, 0.12
        tolerance 0.05
        texture { Mottled(C(66, 96, 38), C(120, 146, 60), 0.4) }
    }
#end
Sunflower(Jug + <0.2, 4.9, -1.2>, <0.25, 0.15, -1>, 0.95)
Sunflower(Jug + <-1.9, 5.9, -0.4>, <-0.5, 0.25, -1>, 0.9)
Sunflower(Jug + <1.9, 6.2, 0.0>, <0.5, 0.2, -1>, 0.9)
Sunflower(Jug + <0.1, 7.3, 0.4>, <-0.1, 0.5, -1>, 0.85)
Sunflower(Jug + <-2.4, 3.9, -0.7>, <-0.9, -0.1, -0.8>, 0.75)
Sunflower(Jug + <2.2, 4.1, -0.4>, <0.9, -0.05, -0.9>, 0.72)
mesh {
    #declare I = 0;
    #while (I < 26)
        #declare D = vnormalize(<Gauss(), 0.4*Gauss() + 0.2, 0.7*Gauss()>);
        #declare P = Jug + <0, 4.6, 0> + Rand(0.4, 1.6)*D + Rand(0, 2.2)*y;
        #declare S = 0.5*vnormalize(vcross(D, <0.2, 1, 0.3>));
        #declare T = P + Rand(1.1, 1.7)*D - 0.3*y;
        #declare M = P + 0.55*D + 0.18*y;
        triangle { P, M - S, M } triangle { P, M + S, M }
        triangle { T, M - S, M } triangle { T, M + S, M }
        #declare I = I + 1;
    #end
    texture { Mottled(C(44, 78, 32), C(122, 150, 62), 0.8) }
}
